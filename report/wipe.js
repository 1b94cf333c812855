/* Original and super-resolved image on one spot, with a line between them to be moved. */
(function () {
  "use strict";
  function make(tag, name, text) {
    var node = document.createElement(tag);
    if (name) { node.className = name; }
    if (text !== undefined) { node.textContent = text; }
    return node;
  }

  document.querySelectorAll("section.wipe").forEach(function (section) {
    // the picture has the images in two halves of the same size: they are laid over each other
    var both = section.querySelector("img"), frame = make("div", "wipe-frame");
    var left = both.cloneNode(), right = both.cloneNode(), line = make("div", "wipe-line");
    var slider = make("input"), width = both.getAttribute("width") / 2;
    [left, right].forEach(function (half) {  // the frame around them is what has a name
      half.alt = "";
      half.removeAttribute("role");
      half.removeAttribute("aria-label");
    });
    right.className = "wipe-right";
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", both.alt);
    frame.style.maxWidth = width + "px";
    frame.style.aspectRatio = width + " / " + both.getAttribute("height");
    slider.type = "range";
    slider.setAttribute("aria-label", "Line between the images");
    function move() {
      right.style.clipPath = "inset(0 0 0 " + (50 + slider.value / 2) + "%)";
      line.style.left = slider.value + "%";
      slider.setAttribute("aria-valuetext", slider.value + "% of the width is the original image");
    }
    slider.addEventListener("input", move);
    frame.append(left, right, line, slider);
    both.before(
      make("p", "", "Move the line with the pointer, or with the arrow keys."), frame
    );
    both.classList.add("wipe-still");  // of the printed page
    move();
  });
}());
