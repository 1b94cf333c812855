/* Tables that sort by a column, filter by a word, and copy as tab-separated text. */
(function () {
  "use strict";
  var LONG = 20;  // rows; a longer table has a filter
  var INDENT = "\u2003";  // a row that begins so belongs to the one above it
  var order = new Intl.Collator(undefined, { numeric: true });

  function make(tag, name, text) {
    var node = document.createElement(tag);
    if (name) { node.className = name; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }
  function cell(row, column) { return row.cells[column] ? row.cells[column].textContent : ""; }
  function number(text) {  // the first number of a cell: the estimate of "0.739 (0.648–0.830)"
    var plain = text.trim().replace(/−/g, "-").replace(/,(?=\d{3})/g, "");
    var found = plain.match(/^[<>=]?\s*(-?\d+(?:\.\d+)?)/);
    return found ? Number(found[1]) : plain === "∞" ? Infinity : NaN;
  }
  function groups(body) {  // rows with those that are indented below them
    var found = [];
    Array.from(body.rows).forEach(function (row) {
      var child = cell(row, 0).charAt(0) === INDENT && found.length;
      if (child) { found[found.length - 1].push(row); } else { found.push([row]); }
    });
    return found;
  }
  function sorted(all, column, down) {
    var numeric = all.every(function (rows) {
      var text = cell(rows[0], column).trim();
      return text === "" || text === "–" || !isNaN(number(text));
    });
    function empty(rows) {
      var text = cell(rows[0], column).trim();
      return text === "" || text === "–";
    }
    return all.slice().sort(function (a, b) {
      if (empty(a) || empty(b)) { return empty(a) - empty(b); }  // these stay below
      var x = cell(a[0], column), y = cell(b[0], column);
      var way = numeric ? number(x) - number(y) : order.compare(x, y);
      return down ? -way : way;
    });
  }
  function copied(text, say) {
    function byHand() {  // where the page may not write to the clipboard
      var area = make("textarea", "hidden-text");
      area.value = text;
      document.body.append(area);
      area.select();
      var done = document.execCommand("copy");
      area.remove();
      say(done ? "Copied." : "The browser refused to copy.");
    }
    if (!navigator.clipboard) { byHand(); return; }
    navigator.clipboard.writeText(text).then(function () { say("Copied."); }, byHand);
  }

  document.querySelectorAll("figure.float-table table, .quarto-float-tbl table").forEach(
    function (table) {
      var body = table.tBodies[0], head = table.tHead && table.tHead.rows[0];
      if (!body || !head || table.querySelector("td[colspan], td[rowspan]")) { return; }
      var first = groups(body), figure = table.closest("figure, .quarto-float");
      var name = figure.querySelector("figcaption strong");
      var word = name ? name.textContent.replace(/\.$/, "") : "table";
      var tools = make("div", "table-tools"), said = make("span", "table-said");
      said.setAttribute("role", "status");
      function say(text) { said.textContent = text; }
      function place(all) {
        all.forEach(function (rows) { rows.forEach(function (row) { body.append(row); }); });
      }

      Array.from(head.cells).forEach(function (header, column) {
        if (!header.textContent.trim()) { return; }
        var button = make("button", "sort");
        button.type = "button";
        button.append.apply(button, Array.from(header.childNodes));
        header.replaceChildren(button);
        button.addEventListener("click", function () {
          var now = header.getAttribute("aria-sort");
          var next = now === "ascending" ? "descending" : now === "descending" ? "" : "ascending";
          Array.from(head.cells).forEach(function (other) { other.removeAttribute("aria-sort"); });
          if (next) { header.setAttribute("aria-sort", next); }
          place(next ? sorted(first, column, next === "descending") : first);
        });
      });

      if (body.rows.length > LONG) {
        var field = make("input");
        field.type = "search";
        field.placeholder = "Filter rows";
        field.setAttribute("aria-label", "Filter the rows of " + word);
        field.addEventListener("input", function () {
          var wanted = field.value.toLowerCase(), left = 0;
          first.forEach(function (rows) {
            var heading = rows[0].textContent.toLowerCase().indexOf(wanted) >= 0;
            var some = rows.map(function (row) {
              return heading || row.textContent.toLowerCase().indexOf(wanted) >= 0;
            });
            rows.forEach(function (row, i) {
              row.hidden = !(some[i] || (i === 0 && some.indexOf(true) >= 0));
              left += !row.hidden;
            });
          });
          say(wanted ? left + " of " + body.rows.length + " rows" : "");
        });
        tools.append(field);
      }
      var copy = make("button", "", "Copy");
      copy.type = "button";
      copy.setAttribute("aria-label", "Copy " + word + " as tab-separated text");
      copy.addEventListener("click", function () {
        var rows = [head].concat(Array.from(body.rows).filter(function (row) { return !row.hidden; }));
        copied(rows.map(function (row) {
          return Array.from(row.cells).map(function (one) {
            return one.textContent.replace(/[\t\n]+/g, " ").trim();
          }).join("\t");
        }).join("\n"), say);
      });
      tools.append(copy, said);
      (table.closest(".scroll") || table).before(tools);
    });
}());
