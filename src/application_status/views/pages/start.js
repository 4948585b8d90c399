// Shows the description that lies beside this file.
SwaggerUIBundle({
  url: new URL("openapi.json", document.currentScript.src).href,
  dom_id: "#description",
  deepLinking: true,
  validatorUrl: null,
});
