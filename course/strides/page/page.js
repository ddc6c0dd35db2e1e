// The explorers of a page, each in the place of its picture; one of them may keep its state in the page's address.
import explorer from "../explorer.js";
import { addressOf, modelAt } from "./address.js";
import { take } from "./chain.js";
import { Layout } from "./layout.js";
import { Model } from "./model.js";
import { ChainError, parse } from "./parse.js";

const BEGINNING = "arange(24).view(2, 3, 4)";

/** Draw `model` into `place`; what stood there, a picture, goes. */
function mount(place, model) {
  place.replaceChildren();
  return explorer.render({ model, el: place });
}

function atAddress(place, said) {
  let model, unmount = () => {};
  const keep = () => { if (addressOf(model) !== location.hash) history.replaceState(null, "", addressOf(model)); };
  function open(next) {
    unmount();
    model = next;
    model.on("change:state", keep);
    model.on("change:focus", keep);
    unmount = mount(place, model);
  }
  function follow() {
    said.textContent = "";
    try {
      open(modelAt(location.hash) ?? Model.of(BEGINNING));
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      said.textContent = `The chain in the address is refused: ${error.message}`;
      open(Model.of(BEGINNING));
    }
  }
  addEventListener("hashchange", () => { if (addressOf(model) !== location.hash) follow(); });
  follow();
  return { open: (text) => { open(Model.of(text)); keep(); } };
}

/** Any size, stride and offset: a form that writes the chain for them. */
function fromNumbers(form, said, desk) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { slots, size, stride, offset } = Object.fromEntries(new FormData(form));
    const tuple = (words) => `(${words.trim().replace(/^[([]|[)\]]$/g, "").replace(/,?\s*$/, ",").replace(/^,$/, "")})`;
    said.textContent = "";
    try {
      desk.open(`arange(${slots}).as_strided(${tuple(size)}, ${tuple(stride)}, ${offset})`);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      said.textContent = error.message;
    }
  });
}

for (const place of document.querySelectorAll("[data-explorer]")) mount(place, Model.from(JSON.parse(place.dataset.explorer)));
const own = document.querySelector("[data-explorer-at-address]");
if (own) {
  const said = document.querySelector("[data-explorer-said]");
  const desk = atAddress(own, said);
  const form = document.querySelector("[data-explorer-numbers]");
  if (form) fromNumbers(form, said, desk);
}

// For the tests, which hold all of this against Python.
globalThis.strides = { Layout, Model, addressOf, modelAt, parse, take };
