import json
import os
import random
import sys
import time
from datetime import datetime, timezone
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def report(message, attempts=8):
    request = Request(
        os.environ["STATUS_URL"] + "/api/application-status",
        data=json.dumps(message).encode(),
        headers={"Content-Type": "application/json", "X-AtsiToken": os.environ["ATSI_TOKEN"]},
    )
    for attempt in range(attempts):
        pause = random.uniform(0, min(60, 2**attempt))
        try:
            with urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except HTTPError as error:
            if error.code != 429 and error.code < 500:
                sys.exit(error.read().decode())
            pause += float(error.headers.get("Retry-After", 0))
        except OSError:
            pass  # no answer: send it again
        time.sleep(pause)
    sys.exit("not sent: keep the report and send it with the next ones")


message = {
    "AtsiApplicationId": os.environ["APPLICATION_ID"],
    "Status": "INTERVIEW",
    "RawStatus": "1st phone interview",
    "BusinessDate": datetime.now(timezone.utc).isoformat(),
}
print(report(message)["Result"])
