"use strict";
(function () {
  const atlas = document.getElementById("atlas");
  const hint = document.getElementById("hint");
  const choice = document.getElementById("choice");
  const specification = JSON.parse(document.getElementById("specification").textContent);

  // What is said of a line stands in plain text: nothing that a file says can become markup.
  function show(handler, event, item, value) {
    if (!value || typeof value !== "object" || !("Segment" in value)) {
      hint.hidden = true;
      return;
    }
    hint.replaceChildren();
    for (const [title, text] of Object.entries(value)) {
      const line = document.createElement("span");
      if (title !== "Segment") {
        const name = document.createElement("b");
        name.textContent = title + ": ";
        line.append(name);
      }
      line.append(String(text));
      hint.append(line);
    }
    hint.hidden = false;
    const frame = hint.parentElement.getBoundingClientRect();
    const room = { width: frame.width - hint.offsetWidth, height: atlas.offsetHeight - hint.offsetHeight };
    const across = event.clientX - frame.left + 14;
    const down = event.clientY - frame.top + 14;
    hint.style.left = Math.max(0, across > room.width ? across - hint.offsetWidth - 28 : across) + "px";
    hint.style.top = Math.max(0, down > room.height ? down - hint.offsetHeight - 28 : down) + "px";
  }

  const options = {
    ast: true, actions: false, defaultStyle: false, renderer: "svg", hover: false, tooltip: show,
    loader: { http: false, file: false },
  };
  window.vegaEmbed(atlas, specification, options).then(function (made) {
    choice.hidden = false;
    choice.addEventListener("change", function (event) {
      made.view.signal("shown", event.target.value).runAsync();
      hint.hidden = true;
    });
    document.documentElement.dataset.drawn = "yes";
  });
})();
