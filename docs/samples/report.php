<?php

function report(array $message, int $attempts = 8): array
{
    $options = ["http" => [
        "method" => "POST",
        "header" => ["Content-Type: application/json", "X-AtsiToken: " . getenv("ATSI_TOKEN")],
        "content" => json_encode($message),
        "timeout" => 30,
        "ignore_errors" => true,  // return the body of an error, too
    ]];
    for ($attempt = 0; $attempt < $attempts; $attempt++) {
        $pause = lcg_value() * min(60, 2 ** $attempt);
        $url = getenv("STATUS_URL") . "/api/application-status";
        $body = @file_get_contents($url, false, stream_context_create($options));
        $headers = implode("\n", $http_response_header ?? []);
        $status = preg_match("~^HTTP/\S+ (\d+)~", $headers, $found) ? (int) $found[1] : 599;  // no answer
        if ($status === 200) {
            return json_decode($body, true);
        }
        if ($status !== 429 && $status < 500) {
            fwrite(STDERR, $body);
            exit(1);
        }
        $pause += preg_match("/^Retry-After: *(\d+)/im", $headers, $found) ? (int) $found[1] : 0;
        usleep((int) ($pause * 1_000_000));
        unset($http_response_header);
    }
    fwrite(STDERR, "not sent: keep the report and send it with the next ones");
    exit(1);
}

$reply = report([
    "AtsiApplicationId" => getenv("APPLICATION_ID"),
    "Status" => "INTERVIEW",
    "RawStatus" => "1st phone interview",
    "BusinessDate" => gmdate("Y-m-d\TH:i:s\Z"),
]);
echo $reply["Result"], "\n";
