// A slider that says what it is: the browser's own, with its label, so that keys and screen readers know it.

function render({ model, el }) {
  const input = document.createElement("input");
  const label = document.createElement("label");
  Object.assign(input, { type: "range", min: 0, max: model.get("last"), step: 1 });
  label.append(`${model.get("label")} `, input);
  label.style.cssText = "display:flex;gap:12px;align-items:center;max-width:640px;color:var(--jp-ui-font-color1,inherit);" +
    "font:13px system-ui,sans-serif";
  input.style.cssText = "flex:1;min-width:0;accent-color:#0072B2";
  const show = () => {
    input.value = model.get("value");
    input.setAttribute("aria-valuetext", model.get("words"));
  };
  input.addEventListener("input", () => {
    model.set("value", Number(input.value));
    model.save_changes();
  });
  // JupyterLab's own shortcuts listen first, and would take the arrow keys away.
  label.setAttribute("data-lm-suppress-shortcuts", "true");
  label.addEventListener("keydown", (event) => event.stopPropagation());
  show();
  const moved = ["change:value", "change:words"];
  for (const name of moved) model.on(name, show);
  el.append(label);
  return () => { for (const name of moved) model.off(name, show); };
}

export default { render };
