/* Rules of WCAG 2 that a program can check, on the page as it is now; returns what breaks them.
   The names are those that axe-core gives the same rules. */
(function () {
  "use strict";
  var found = [];
  function say(rule, node) {
    found.push(rule + ": " + (node.outerHTML || "").replace(/base64,[^"]*/, "").slice(0, 160));
  }
  function each(selector, check) { document.querySelectorAll(selector).forEach(check); }
  function rendered(node) { return node.getClientRects().length > 0; }
  function named(node) {
    var by = (node.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
    var label = node.getAttribute("aria-label") || by.map(function (id) {
      var other = document.getElementById(id);
      return other ? other.textContent : "";
    }).join("");
    var labels = node.labels ? Array.from(node.labels) : [];
    return (label || node.textContent || labels.map(function (l) { return l.textContent; }).join("") ||
      node.alt || "").trim() !== "";
  }
  function channels(text) {
    var parts = text.match(/[\d.]+/g).map(Number);
    return parts.length > 3 ? parts : parts.concat(1);
  }
  function light(rgb) {
    var linear = rgb.slice(0, 3).map(function (x) {
      x /= 255;
      return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }
  function ground(node) {
    for (; node; node = node.parentElement) {
      var colour = channels(getComputedStyle(node).backgroundColor);
      if (colour[3] === 1) { return colour; }
    }
    return [255, 255, 255, 1];
  }

  // color-contrast
  var walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), seen = new Set();
  while (walker.nextNode()) {
    var node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(node) || !rendered(node)) { continue; }
    seen.add(node);
    if (node.closest(".hidden-text, .skip, script, style, option, math")) { continue; }
    var style = getComputedStyle(node), svg = node.namespaceURI.indexOf("svg") >= 0;
    var a = light(channels(svg ? style.fill : style.color)), b = light(ground(node));
    var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), px = parseFloat(style.fontSize);
    var large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) { say("color-contrast " + ratio.toFixed(2), node); }
  }
  // heading-order, page-has-heading-one, empty-heading
  var level = 0;
  each("h1, h2, h3, h4, h5, h6", function (heading) {
    var next = Number(heading.tagName[1]);
    if (next > level + 1) { say("heading-order", heading); }
    if (!heading.textContent.trim()) { say("empty-heading", heading); }
    level = next;
  });
  if (!document.querySelector("h1")) { say("page-has-heading-one", document.body); }
  // html-has-lang, document-title, landmark-one-main, meta-viewport
  if (!document.documentElement.lang) { say("html-has-lang", document.documentElement); }
  if (!document.title.trim()) { say("document-title", document.head); }
  if (document.querySelectorAll("main").length !== 1) { say("landmark-one-main", document.body); }
  if (/user-scalable=no|maximum-scale/.test(document.head.innerHTML)) {
    say("meta-viewport", document.head);
  }
  // region: all content lies in a landmark
  Array.from(document.body.children).forEach(function (child) {
    var landmark = "main, nav, header, footer, aside, dialog, script, style, .skip, [role=tooltip]";
    if (!child.matches(landmark) && rendered(child) && child.textContent.trim()) {
      Array.from(child.children).forEach(function (inner) {
        if (!inner.matches(landmark)) { say("region", inner); }
      });
    }
  });
  // duplicate-id, aria-valid-attr-value
  var ids = {};
  each("[id]", function (one) {
    if (ids[one.id]) { say("duplicate-id", one); }
    ids[one.id] = true;
  });
  each("[aria-labelledby], [aria-describedby]", function (one) {
    var both = (one.getAttribute("aria-labelledby") || "") + " " +
      (one.getAttribute("aria-describedby") || "");
    both.split(/\s+/).filter(Boolean).forEach(function (id) {
      if (!document.getElementById(id)) { say("aria-valid-attr-value", one); }
    });
  });
  // image-alt, svg-img-alt, label, button-name, link-name, select-name, summary-name
  each("img", function (one) { if (!one.hasAttribute("alt")) { say("image-alt", one); } });
  each("svg[role=img]", function (one) { if (!named(one)) { say("svg-img-alt", one); } });
  each("input:not([type=hidden]), select, textarea", function (one) {
    if (!named(one)) { say("label", one); }
  });
  each("button, a[href], summary, [role=group], dialog", function (one) {
    if (!named(one)) { say("name", one); }
  });
  // nested-interactive, tabindex, scrollable-region-focusable
  each("a a, a button, button a, button button, summary a, summary button", function (one) {
    say("nested-interactive", one);
  });
  each("[tabindex]", function (one) { if (one.tabIndex > 0) { say("tabindex", one); } });
  each("body *", function (one) {
    var way = getComputedStyle(one).overflowX;
    if ((way === "auto" || way === "scroll") && one.scrollWidth > one.clientWidth + 1 &&
        rendered(one) && one.tabIndex < 0 && !one.querySelector("a, button, input, select")) {
      say("scrollable-region-focusable", one);
    }
  });
  // th-has-data-cells and scope-attr-valid
  each("th", function (one) {
    if (["col", "row", "colgroup", "rowgroup"].indexOf(one.getAttribute("scope")) < 0) {
      say("scope-attr-valid", one);
    }
  });
  // target-size (WCAG 2.2), links in text aside
  each("button, select, input[type=search]", function (one) {
    var box = one.getBoundingClientRect();
    if (rendered(one) && !one.classList.contains("sort") && (box.height < 24 || box.width < 24)) {
      say("target-size", one);
    }
  });
  return found;
}());
