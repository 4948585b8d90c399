// Shows openapi.json from the same folder, in the reader's preferred colour scheme.
const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

// Swagger UI gives its select elements no accessible name.
const name = (list) => list.setAttribute("aria-label", list.id === "servers" ? "Server" : "Example");
new MutationObserver(() => document.querySelectorAll("select:not([aria-label])").forEach(name))
  .observe(document.getElementById("description"), { childList: true, subtree: true });

SwaggerUIBundle({
  url: new URL("openapi.json", document.currentScript.src).href,
  dom_id: "#description",
  validatorUrl: null,
});
