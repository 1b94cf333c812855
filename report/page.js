/* The switch between light and dark, and where a number or a figure comes from. */
(function () {
  "use strict";
  var root = document.documentElement;

  function make(tag, name, text) {
    var node = document.createElement(tag);
    if (name) { node.className = name; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }

  // Light and dark: the reader's system decides until the reader does.
  var schemes = ["system", "light", "dark"];
  var button = make("button", "scheme-switch");
  button.type = "button";
  function kept(value) {  // storage may be refused, such as for a file that is opened locally
    try {
      if (value) { localStorage.setItem("thyro-scheme", value); }
      return localStorage.getItem("thyro-scheme");
    } catch (refused) { return value; }
  }
  function choose(scheme) {
    if (scheme === "system") { root.removeAttribute("data-scheme"); } else {
      root.setAttribute("data-scheme", scheme);
    }
    button.textContent = "Colours: " + scheme;
    button.dataset.scheme = scheme;
  }
  button.addEventListener("click", function () {
    var next = schemes[(schemes.indexOf(button.dataset.scheme) + 1) % schemes.length];
    kept(next);
    choose(next);
  });
  var before = kept();
  choose(schemes.indexOf(before) < 0 ? "system" : before);
  var contents = document.getElementById("TOC");
  (contents || document.body).prepend(button);

  // The value before rounding, beside the number that has focus or lies under the pointer.
  var tip = make("div", "number-tip");
  tip.id = "number-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  function target(link) {
    return document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
  }
  var told = null;  // the number that the tip is of
  function show(link) {
    var row = target(link), shown = link.textContent.match(/−?\d[\d,]*(\.\d+)?/g) || [];
    if (!row) { return; }
    told = link;
    tip.replaceChildren(make("p", "", row.cells[0].textContent));
    // of a long sentence only the values of this number; all of them stand in the list
    var values = Array.from(row.cells[1].querySelectorAll("span")).filter(function (value) {
      return shown.indexOf(value.dataset.printed) >= 0;
    });
    values.forEach(function (value) { tip.append(make("p", "exact", value.textContent)); });
    var found = values.length && values.every(function (value) { return "place" in value.dataset; });
    if (!found) { tip.append(make("p", "", "Read for it: " + row.cells[2].textContent)); }
    tip.hidden = false;
    var box = link.getBoundingClientRect();
    var left = Math.min(box.left, root.clientWidth - tip.offsetWidth - 12);
    var above = box.bottom + tip.offsetHeight + 12 > root.clientHeight;
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = Math.max(8, above ? box.top - tip.offsetHeight - 6 : box.bottom + 6) + "px";
    link.setAttribute("aria-describedby", tip.id);
  }
  function hide() {
    tip.hidden = true;
    told = null;
    document.querySelectorAll("[aria-describedby='number-tip']").forEach(function (link) {
      link.removeAttribute("aria-describedby");
    });
  }
  ["focusin", "mouseover"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var link = event.target.closest && event.target.closest("a.number");
      if (link) { hide(); show(link); } else if (kind === "focusin" || !tip.contains(event.target)) {
        hide();
      }
    });
  });
  document.addEventListener("scroll", function () {
    // focus may scroll the page; the tip goes with its number
    if (told && told === document.activeElement) { show(told); } else { hide(); }
  }, { passive: true });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hide(); } });

  // What a link leads to may lie in something that is closed.
  function open() {
    var node = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    var closed = node && node.closest("details:not([open])");
    if (closed) {
      closed.open = true;
      node.scrollIntoView();
    }
  }
  window.addEventListener("hashchange", open);
  open();

  // A passport shows the record of its notebook when it is opened.
  document.querySelectorAll("details.passport").forEach(function (passport) {
    passport.addEventListener("toggle", function () {
      passport.querySelectorAll(".record-link").forEach(function (line) {
        var record = target(line.firstChild).querySelector("dl").cloneNode(true);
        line.replaceWith(record);
      });
    });
  });
}());
