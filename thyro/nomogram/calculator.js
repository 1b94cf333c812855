(function () {
  "use strict";
  document.querySelectorAll(".thyro-calculator:not([data-ready])").forEach(function (root, number) {
    root.dataset.ready = "yes";
    var model = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    var form = root.querySelector("form"), current = null, fields = [];
    var uid = "tc" + number + "-" + Math.random().toString(36).slice(2, 8) + "-";

    function make(tag, name, text) {
      var node = document.createElement(tag);
      if (name) { node.className = name; }
      if (text !== undefined) { node.textContent = text; }
      return node;
    }
    function basis(x, knots) {
      if (!knots.length) { return [x]; }
      var k = knots.length, last = knots[k - 1], before = knots[k - 2], out = [x];
      function cube(t) { return Math.pow(Math.max(x - t, 0), 3); }
      for (var j = 0; j < k - 2; j++) {
        var share = (last - knots[j]) / (last - before);
        out.push((cube(knots[j]) - cube(before) * share + cube(last) * (share - 1)) /
          Math.pow(last - knots[0], 2));
      }
      return out;
    }
    function columns(term, value) {
      if (term.levels) {
        return term.levels.slice(1).map(function (level) { return level === value ? 1 : 0; });
      }
      return basis(value, term.knots);
    }
    function effect(term, values) {
      return values.reduce(function (sum, x, i) { return sum + x * term.coefficients[i]; }, 0);
    }
    function read(field) {
      var term = field.term, text = field.input.value;
      if (term.levels) { return { value: term.levels[Number(text)], out: false }; }
      var value = Number(text);
      if (text.trim() === "" || !isFinite(value)) { return { problem: "Enter a number." }; }
      var out = value < term.low || value > term.high;
      if (out && !extrapolate.checked) {
        return { problem: text + " is outside the training patients' range of " + term.low +
          " to " + term.high + (term.unit ? " " + term.unit : "") + "." };
      }
      return { value: value, out: out };
    }
    function percent(p) {
      var x = 100 * p;
      return x > 0 && x < 0.1 ? "<0.1" : x < 100 && x > 99.9 ? ">99.9" : x.toFixed(1);
    }
    function compute() {
      var vector = [1], lp = current.intercept, total = 0, sound = true, beyond = false;
      fields.forEach(function (field) {
        var found = read(field), refused = "problem" in found;
        field.message.textContent = refused ? found.problem : "";
        field.input.setAttribute("aria-invalid", refused ? "true" : "false");
        if (refused) {
          sound = false;
          field.points.textContent = "";
          field.bar.style.width = "0";
          return;
        }
        var values = columns(field.term, found.value), part = effect(field.term, values);
        var points = (part - field.term.least) * current.scale;
        lp += part;
        total += points;
        beyond = beyond || found.out;
        vector = vector.concat(values);
        field.points.textContent = points.toFixed(1) + " points";
        field.bar.style.width = Math.max(0, Math.min(100, points)) + "%";
      });
      warning.textContent = sound && beyond ?
        "A value lies outside the range of the training patients: the risk is a guess." : "";
      if (!sound) {
        result.textContent = "No risk is shown: a value is missing or out of range.";
        root.dataset.risk = "";
        root.dataset.total = "";
        return;
      }
      var variance = 0;
      vector.forEach(function (a, i) {
        vector.forEach(function (b, j) { variance += a * b * current.covariance[i][j]; });
      });
      var half = model.z * Math.sqrt(Math.max(variance, 0));
      function risk(x) { return 1 / (1 + Math.exp(-x)); }
      root.dataset.risk = String(risk(lp));
      root.dataset.total = String(total);
      result.textContent = "Total " + total.toFixed(1) + " points. Risk of " + model.outcome +
        ": " + percent(risk(lp)) + "% (" + model.level + "% interval " +
        percent(risk(lp - half)) + "% to " + percent(risk(lp + half)) + "%).";
    }
    function show(name) {
      current = model.nomograms[name];
      fields = [];
      terms.textContent = "";
      terms.appendChild(make("legend", "", "Patient"));
      current.terms.forEach(function (term, i) {
        var row = make("div", "tc-term"), label = make("label", "", term.label);
        var field = { term: term, points: make("span", "tc-points"), bar: make("i") };
        var id = uid + i;
        label.htmlFor = id;
        row.appendChild(label);
        if (term.levels) {
          field.input = make("select");
          term.levels.forEach(function (level, k) {
            var option = make("option", "", level);
            option.value = String(k);
            field.input.appendChild(option);
          });
          row.appendChild(field.input);
        } else {
          var pair = make("span", "tc-number"), slider = make("input");
          field.input = make("input");
          field.input.type = "number";
          field.input.step = "any";
          field.input.inputMode = "decimal";
          slider.type = "range";
          slider.min = term.low;
          slider.max = term.high;
          slider.step = "any";
          if (term.step) { slider.step = term.step; }
          slider.setAttribute("aria-label", term.label + ", slider");
          field.input.value = slider.value = term.start;
          slider.addEventListener("input", function () {
            field.input.value = slider.value;
            compute();
          });
          field.input.addEventListener("input", function () { slider.value = field.input.value; });
          pair.appendChild(field.input);
          pair.appendChild(slider);
          row.appendChild(pair);
        }
        field.input.id = id;
        field.input.dataset.term = term.name;
        field.message = make("span", "tc-message");
        field.message.id = id + "-message";
        field.message.setAttribute("role", "alert");
        field.input.setAttribute("aria-describedby", field.message.id);
        field.input.addEventListener("input", compute);
        var bar = make("span", "tc-bar");
        bar.setAttribute("aria-hidden", "true");
        bar.appendChild(field.bar);
        [field.points, bar, field.message].forEach(function (node) { row.appendChild(node); });
        terms.appendChild(row);
        fields.push(field);
      });
      compute();
    }

    form.addEventListener("submit", function (event) { event.preventDefault(); });
    var names = Object.keys(model.nomograms), chooser = make("select");
    var line = make("p"), label = make("label", "", "Nomogram ");
    chooser.id = label.htmlFor = uid + "chooser";
    names.forEach(function (name) { chooser.appendChild(make("option", "", name)); });
    line.appendChild(label);
    line.appendChild(chooser);
    form.appendChild(line);
    form.appendChild(make("p", "", "Starts in the middle of each range and at each reference."));
    var terms = make("fieldset"), warning = make("p", "tc-warning");
    var result = make("output", "tc-result"), extra = make("p"), box = make("label");
    var extrapolate = make("input"), reset = make("button", "", "Reset");
    result.style.display = "block";
    result.setAttribute("aria-live", "polite");
    warning.setAttribute("role", "status");
    extrapolate.type = "checkbox";
    extrapolate.dataset.extrapolate = "";
    box.appendChild(extrapolate);
    box.appendChild(document.createTextNode(" Accept values outside the range of training "));
    reset.type = "button";
    extra.appendChild(box);
    extra.appendChild(reset);
    [terms, extra, result, warning].forEach(function (node) { form.appendChild(node); });
    extrapolate.addEventListener("input", compute);
    reset.addEventListener("click", function () {
      extrapolate.checked = false;
      show(chooser.value);
    });
    chooser.addEventListener("input", function () { show(chooser.value); });
    show(names[0]);
  });
})();
