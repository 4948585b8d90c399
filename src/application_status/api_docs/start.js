// Shows the description that lies beside this file, in the colours that the reader prefers.
const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

// Swagger UI names its lists of choices for eyes alone.
const name = (list) => list.setAttribute("aria-label", list.id === "servers" ? "Server" : "Example");
new MutationObserver(() => document.querySelectorAll("select:not([aria-label])").forEach(name))
  .observe(document.getElementById("description"), { childList: true, subtree: true });

SwaggerUIBundle({
  url: new URL("openapi.json", document.currentScript.src).href,
  dom_id: "#description",
  validatorUrl: null,
});
