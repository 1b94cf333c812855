/* Figures at full size, in a dialog: enlarged and moved with the mouse or the keyboard. */
(function () {
  "use strict";
  var pictures = document.querySelectorAll("figure.float-figure img, .quarto-float-fig img");
  if (!pictures.length || !window.HTMLDialogElement) { return; }

  function make(tag, name, text) {
    var node = document.createElement(tag);
    if (name) { node.className = name; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }
  var dialog = make("dialog", "zoom"), bar = make("div", "zoom-bar"), view = make("div", "zoom-view");
  var title = make("p", "zoom-title"), shown = make("img"), percent = 100, opener = null;
  shown.alt = "";
  title.id = "zoom-title";
  dialog.setAttribute("aria-labelledby", title.id);
  view.tabIndex = 0;
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", "Figure; plus and minus change its size, arrow keys move it");

  function size(next) {
    percent = Math.max(50, Math.min(600, next));
    shown.style.width = percent + "%";
  }
  function button(text, label, act) {
    var node = make("button", "", text);
    node.type = "button";
    node.setAttribute("aria-label", label);
    node.addEventListener("click", act);
    bar.append(node);
  }
  bar.append(title);
  button("−", "Smaller", function () { size(percent - 50); });
  button("+", "Larger", function () { size(percent + 50); });
  button("Close", "Close the figure", function () { dialog.close(); });
  view.append(shown);
  dialog.append(bar, view);
  document.body.append(dialog);
  dialog.addEventListener("keydown", function (event) {
    if (event.key === "+" || event.key === "=") { size(percent + 50); }
    if (event.key === "-") { size(percent - 50); }
  });
  dialog.addEventListener("close", function () {
    shown.removeAttribute("src");
    // the browser gave the focus back, unless a click had not set it; the reader may be elsewhere now
    if (opener && document.activeElement === document.body) { opener.focus(); }
  });

  pictures.forEach(function (picture) {
    var figure = picture.closest("figure, .quarto-float");
    var name = figure && figure.querySelector("figcaption strong");
    var word = name ? name.textContent.replace(/\.$/, "") : "figure";
    var enlarge = make("button", "enlarge", "Enlarge");
    enlarge.type = "button";
    enlarge.setAttribute("aria-label", "Enlarge " + word);
    function open() {
      opener = enlarge;
      title.textContent = word;
      shown.src = picture.currentSrc || picture.src;
      shown.alt = picture.alt;
      size(100);
      dialog.showModal();
      view.focus();
    }
    enlarge.addEventListener("click", open);
    picture.addEventListener("click", open);
    picture.classList.add("can-zoom");
    (picture.closest(".scroll") || picture).after(enlarge);
  });
}());
