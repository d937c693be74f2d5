// Questions before something happens that can't be taken back.

import { h, identifier, labelled } from "./dom.js";

/**
 * Asks, and does `act` where the answer is `verb`; what that throws stands in the dialog, which stays open.
 *
 * `content` are the elements of the question; where `typed` is given, that text has to be typed first. The answer is whether it was done.
 */
export function confirmed({ title, content, verb, typed, act, signal }) {
  const label = identifier("dialog");
  const asker = document.activeElement;
  const fault = h("p", { class: "fault", role: "alert" });
  const typing = typed === undefined ? null : h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => (doing.disabled = typing.value !== typed),
  });
  const doing = h("button", { type: "submit", class: "danger", disabled: Boolean(typing) }, verb);
  return new Promise((resolve) => {
    let isDone = false;
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": label,
        onclose: () => {
          dialog.remove();
          resolve(isDone);
          // The button that asked is off until then, and takes no focus back by itself.
          if (!isDone) setTimeout(() => asker?.focus());
        },
      },
      h(
        "form",
        {
          onsubmit: async (event) => {
            event.preventDefault();
            doing.disabled = true;
            fault.textContent = "";
            try {
              await act();
              isDone = true;
              dialog.close();
            } catch (error) {
              fault.textContent = error.message;
              if (!error.status) console.error(error);
              doing.disabled = false;
            }
          },
        },
        h("h2", { id: label }, title),
        content,
        typing ? labelled(`Type ${typed} to go on`, typing) : null,
        fault,
        h("div", { class: "controls" }, h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel"), doing),
      ),
    );
    signal?.addEventListener("abort", () => dialog.close(), { once: true });
    document.body.append(dialog);
    dialog.showModal();
  });
}
