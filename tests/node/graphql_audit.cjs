// Prints, as JSON, what the audits of GraphQL over HTTP find at the URL and with the token in the arguments.
const { auditServer } = require("graphql-http");

const [url, token] = process.argv.slice(2);

function fetchWithToken(address, request = {}) {
  return fetch(address, { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } });
}

auditServer({ url, fetchFn: fetchWithToken }).then((results) => {
  const found = results.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
  console.log(JSON.stringify(found));
});
