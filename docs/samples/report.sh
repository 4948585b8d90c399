curl --silent --show-error --fail-with-body --output reply.json \
  --max-time 30 --retry 8 --retry-connrefused --retry-max-time 300 \
  -X POST "$STATUS_URL/api/application-status" \
  -H "Content-Type: application/json" -H "X-AtsiToken: $ATSI_TOKEN" \
  -d '{"AtsiApplicationId": "'"$APPLICATION_ID"'", "Status": "INTERVIEW", "RawStatus": "1st phone interview",
       "BusinessDate": "'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"}'
sent=$?; cat reply.json; exit $sent
