// Elements of the document. What anybody sent is only ever text here: nothing is parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.setAttribute("class", value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") element[name] = value;
    // Through the object model, which the content security policy allows where it forbids the attribute.
    else if (name === "style") { for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text); }
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** An element of HTML: `h("td", {class: "number", onclick: choose}, "3", ...)`. Absent (null, false) attributes and children are left out. */
export function h(name, attributes, ...children) {
  return build(document.createElement(name), attributes, children);
}

/** An element of SVG. */
export function svg(name, attributes, ...children) {
  return build(document.createElementNS(SVG, name), attributes, children);
}

/** Puts `children` in the place of whatever an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Says a sentence to those who listen to the page instead of looking at it. */
export function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

/** A button that is off while what it started goes on; what that throws is shown beside it. */
export function button(label, act, attributes) {
  const fault = h("span", { class: "fault", role: "alert" });
  const element = h("button", {
    type: "button",
    ...attributes,
    onclick: async (event) => {
      element.disabled = true;
      fault.textContent = "";
      try {
        await act(event);
      } catch (error) {
        fault.textContent = error.message;
        if (!error.status) console.error(error);
      } finally {
        element.disabled = false;
      }
    },
  }, label);
  return h("span", { class: "button" }, element, fault);
}

/** Details whose content is built when they are opened for the first time. */
export function unfolding(summary, build, attributes) {
  const element = h("details", attributes, h("summary", {}, summary));
  const once = () => {
    if (element.open && element.children.length === 1) append(element, [build()]);
  };
  element.addEventListener("toggle", once);
  once();
  return element;
}

let identifiers = 0;
/** An identifier that no other element has. */
export function identifier(stem) {
  identifiers += 1;
  return `${stem}-${identifiers}`;
}

/** A control with its name above it. */
export function labelled(name, control, note) {
  control.id ||= identifier("control");
  const described = note ? h("small", { id: `${control.id}-note` }, note) : null;
  if (described) control.setAttribute("aria-describedby", described.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, name), control, described);
}

/** A choice among [value, text] pairs. */
export function select(choices, chosen, change, attributes) {
  return h(
    "select",
    { ...attributes, onchange: (event) => change?.(event.target.value) },
    choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
}

/** Hands a file to the person. */
export function download(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A button that puts a text on the clipboard; where a browser refuses that, the text is selected instead. */
export function copyButton(text) {
  const element = h("button", {
    type: "button",
    class: "quiet",
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text());
        element.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(element.parentElement.querySelector("pre"));
        element.textContent = "selected";
      }
      announce(`The text was ${element.textContent}.`);
      setTimeout(() => (element.textContent = "copy"), 2000);
    },
  }, "copy");
  return element;
}

/** A place to drop files on, or to choose them by keyboard. */
export function dropZone(sentence, take, attributes) {
  const fault = h("p", { class: "fault", role: "alert" });
  const guarded = async (files) => {
    fault.textContent = "";
    if (!files.length) return;
    try {
      await take([...files]);
    } catch (error) {
      fault.textContent = error.message;
      if (!error.status) console.error(error);
    }
  };
  const input = h("input", {
    type: "file",
    class: "unseen",
    ...attributes,
    onchange: (event) => {
      guarded([...event.target.files]).then(() => (event.target.value = ""));
    },
  });
  const zone = h(
    "label",
    {
      class: "drop",
      ondragover: (event) => {
        event.preventDefault();
        zone.classList.add("over");
      },
      ondragleave: () => zone.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        guarded([...event.dataTransfer.files]);
      },
    },
    input,
    h("span", {}, sentence),
  );
  return h("div", {}, zone, fault);
}
