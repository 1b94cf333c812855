/* One threshold for every model and cohort: confusion matrices, and points on ROC and net benefit. */
(function () {
  "use strict";
  var SVG = "http://www.w3.org/2000/svg", SIDE = 220, EDGE = 40, LAST = 0.8;  // LAST: of net benefit

  function make(tag, name, text) {
    var node = document.createElement(tag);
    if (name) { node.className = name; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }
  function draw(parent, tag, attributes, text) {
    var node = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    if (text !== undefined) { node.textContent = text; }
    parent.append(node);
    return node;
  }
  function summed(differences) {
    var value = 0;
    return differences.map(function (step) { value += step; return value; });
  }
  function atLeast(values, step) {  // how many of the sorted values are >= step
    var low = 0, high = values.length;
    while (low < high) {
      var middle = (low + high) >> 1;
      if (values[middle] < step) { low = middle + 1; } else { high = middle; }
    }
    return values.length - low;
  }
  function matrix(score, step) {
    var fp = atLeast(score.controls, step), tp = atLeast(score.cases, step);
    return { tp: tp, fn: score.cases.length - tp, fp: fp, tn: score.controls.length - fp };
  }
  function share(part, whole) { return whole ? part / whole : NaN; }
  function benefit(m, threshold) {
    var n = m.tp + m.fn + m.fp + m.tn;
    return m.tp / n - m.fp / n * threshold / (1 - threshold);
  }
  function shown(x) { return isNaN(x) ? "–" : x.toFixed(3).replace("-", "−"); }

  document.querySelectorAll("section.thresholds").forEach(function (section, number) {
    var data = JSON.parse(section.querySelector("script").textContent);
    var body = section.querySelector(".thresholds-body"), id = "thresholds-" + number + "-";
    data.protocols.forEach(function (protocol) {
      protocol.models.forEach(function (model) {
        model.scores = model.scores.map(function (both) {
          return { controls: summed(both[0]), cases: summed(both[1]) };
        });
      });
    });
    var protocol = data.protocols[0], chosen = {}, marks = [];
    data.protocols.forEach(function (one) {
      one.models.forEach(function (model) { chosen[model.name] = model.chosen; });
    });

    // Controls
    var controls = make("div", "thresholds-controls"), slider = make("input");
    var output = make("output", "", ""), label = make("label", "", "Threshold ");
    slider.type = "range";
    slider.id = id + "slider";
    slider.min = 1;
    slider.max = 99;
    slider.value = Math.round(100 * data.start);
    label.htmlFor = output.htmlFor = slider.id;
    controls.append(label, slider, output);
    var choice = make("select");
    choice.id = id + "protocol";
    data.protocols.forEach(function (one, i) {
      var option = make("option", "", one.label);
      option.value = i;
      choice.append(option);
    });
    var name = make("label", "", "Models by the ");
    name.htmlFor = choice.id;
    controls.append(name, choice);
    var list = make("fieldset", "thresholds-models"), plots = make("div", "thresholds-plots");
    var scroll = make("div", "scroll"), table = make("table");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Confusion matrices at the threshold");
    scroll.append(table);
    body.append(controls, list, plots, scroll);

    function listed() {
      list.replaceChildren(make("legend", "", "Models shown"));
      protocol.models.forEach(function (model) {
        var line = make("label"), box = make("input"), key;
        box.type = "checkbox";
        box.checked = chosen[model.name];
        box.addEventListener("change", function () {
          chosen[model.name] = box.checked;
          drawAll();
        });
        line.append(box);
        key = draw(line, "svg", { width: 26, height: 10, "aria-hidden": "true" });
        draw(key, "line", { x1: 1, x2: 25, y1: 5, y2: 5, stroke: model.colour, "stroke-width": 2.5,
          "stroke-dasharray": model.dash });
        line.append(" " + model.name);
        list.append(line);
      });
    }
    function frame(parent, title, x, y, low, high) {
      var svg = draw(parent, "svg", { viewBox: "0 0 " + (SIDE + EDGE + 12) + " " + (SIDE + 62),
        role: "img", "aria-label": title + ": " + y + " by " + x });
      draw(svg, "text", { x: EDGE, y: 14, class: "title" }, title);
      var inner = draw(svg, "g", { transform: "translate(" + EDGE + " 22)" });
      draw(inner, "rect", { width: SIDE, height: SIDE, class: "frame" });
      draw(inner, "text", { x: SIDE / 2, y: SIDE + 33, "text-anchor": "middle" }, x);
      draw(inner, "text", { transform: "translate(-27 " + SIDE / 2 + ") rotate(-90)",
        "text-anchor": "middle" }, y);
      [0, 1].forEach(function (end) {
        var value = end * (y === "Net benefit" ? LAST : 1);
        draw(inner, "text", { x: end * SIDE, y: SIDE + 16, "text-anchor": "middle" }, value);
      });
      [low, high].forEach(function (value, i) {
        draw(inner, "text", { x: -4, y: i ? 8 : SIDE, "text-anchor": "end" },
          String(Math.round(100 * value) / 100).replace("-", "−"));
      });
      return inner;
    }
    function line(parent, points, attributes) {
      attributes.points = points.map(function (point) {
        return point[0].toFixed(1) + "," + point[1].toFixed(1);
      }).join(" ");
      attributes.fill = "none";
      draw(parent, "polyline", attributes);
    }
    function place(m, threshold, roc, low, high) {
      if (roc) {
        return [SIDE * share(m.fp, m.fp + m.tn), SIDE * (1 - share(m.tp, m.tp + m.fn))];
      }
      return [SIDE * threshold / LAST, SIDE * (high - benefit(m, threshold)) / (high - low)];
    }
    function drawAll() {
      plots.replaceChildren();
      marks = [];
      data.cohorts.forEach(function (cohort, c) {
        var all = protocol.models.map(function (model) { return model.scores[c]; })[0];
        var prevalence = share(all.cases.length, all.cases.length + all.controls.length);
        var low = -0.1, high = Math.ceil(20 * prevalence + 1) / 20;
        var both = make("div");
        plots.append(both);
        var roc = frame(both, cohort, "1 − specificity", "Sensitivity", 0, 1);
        var net = frame(both, cohort, "Threshold", "Net benefit", low, high);
        line(roc, [[0, SIDE], [SIDE, 0]], { class: "reference" });
        line(net, [[0, SIDE * high / (high - low)], [SIDE, SIDE * high / (high - low)]],
          { class: "reference" });
        var treated = [];
        for (var t = 0; t <= 100 * LAST; t++) {
          var value = prevalence - (1 - prevalence) * t / (100 - t);
          if (value >= low) {
            treated.push([SIDE * t / 100 / LAST, SIDE * (high - value) / (high - low)]);
          }
        }
        line(net, treated, { class: "reference" });
        protocol.models.forEach(function (model) {
          if (!chosen[model.name]) { return; }
          var score = model.scores[c], look = { stroke: model.colour, "stroke-width": 1.6,
            "stroke-dasharray": model.dash };
          var curve = [], nets = [], step;
          for (step = 0; step <= data.steps + 1; step++) {
            var point = place(matrix(score, step), 0, true), end = curve[curve.length - 1];
            if (!end || end[0] !== point[0] || end[1] !== point[1]) { curve.push(point); }
          }
          for (step = 1; step <= 100 * LAST; step++) {
            var here = place(matrix(score, step * data.steps / 100), step / 100, false, low, high);
            if (here[1] > SIDE) { break; }  // below the frame it stays
            nets.push(here);
          }
          line(roc, curve, Object.assign({}, look));
          line(net, nets, Object.assign({}, look));
          [roc, net].forEach(function (parent) {
            marks.push({ roc: parent === roc, score: score, low: low, high: high,
              node: draw(parent, "circle", { r: 4.5, fill: model.colour, class: "point",
                "data-model": model.name, "data-cohort": cohort }) });
          });
        });
      });
      update();
    }
    function update() {
      var percent = Number(slider.value), threshold = percent / 100;
      var step = percent * data.steps / 100;
      output.textContent = percent + "%";
      slider.setAttribute("aria-valuetext", percent + " percent");
      marks.forEach(function (mark) {
        var at = place(matrix(mark.score, step), threshold, mark.roc, mark.low, mark.high);
        mark.node.setAttribute("cx", at[0].toFixed(1));
        mark.node.setAttribute("cy", at[1].toFixed(1));
        mark.node.style.display = at[0] > SIDE + 1 || at[1] > SIDE + 1 ? "none" : "";
      });
      var head = table.createTHead(), rows = make("tbody");
      head.replaceChildren();
      var names = head.insertRow();
      ["Model", "Cohort", "TP", "FN", "FP", "TN", "Sensitivity", "Specificity", "PPV", "NPV",
        "Net benefit"].forEach(function (text) {
        var cell = make("th", "", text);
        cell.scope = "col";
        names.append(cell);
      });
      protocol.models.forEach(function (model) {
        if (!chosen[model.name]) { return; }
        data.cohorts.forEach(function (cohort, c) {
          var m = matrix(model.scores[c], step), row = rows.insertRow();
          var cell = make("th", "", model.name);
          cell.scope = "row";
          row.append(cell);
          [cohort, m.tp, m.fn, m.fp, m.tn, shown(share(m.tp, m.tp + m.fn)),
            shown(share(m.tn, m.tn + m.fp)), shown(share(m.tp, m.tp + m.fp)),
            shown(share(m.tn, m.tn + m.fn)), shown(benefit(m, threshold))
          ].forEach(function (text) { row.insertCell().textContent = text; });
        });
      });
      Array.from(table.tBodies).forEach(function (old) { old.remove(); });
      table.append(rows);
    }
    slider.addEventListener("input", update);
    choice.addEventListener("change", function () {
      protocol = data.protocols[Number(choice.value)];
      listed();
      drawAll();
    });
    listed();
    drawAll();
  });
}());
