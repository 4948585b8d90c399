import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;

public class Report {
    static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    static String report(String message, int attempts) throws InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(System.getenv("STATUS_URL") + "/api/application-status"))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .header("X-AtsiToken", System.getenv("ATSI_TOKEN"))
            .POST(HttpRequest.BodyPublishers.ofString(message))
            .build();
        for (int attempt = 0; attempt < attempts; attempt++) {
            double pause = ThreadLocalRandom.current().nextDouble() * Math.min(60, 1 << attempt);
            try {
                var reply = CLIENT.send(request, BodyHandlers.ofString());
                if (reply.statusCode() == 200) {
                    return reply.body();
                }
                if (reply.statusCode() != 429 && reply.statusCode() < 500) {
                    throw new IllegalArgumentException(reply.body());
                }
                pause += reply.headers().firstValueAsLong("Retry-After").orElse(0);
            } catch (IOException noAnswer) {
                // send it again
            }
            Thread.sleep((long) (pause * 1000));
        }
        throw new IllegalStateException("not sent: keep the report and send it with the next ones");
    }

    public static void main(String[] arguments) throws InterruptedException {
        System.out.println(report("""
            {"AtsiApplicationId": "%s", "Status": "INTERVIEW", "RawStatus": "1st phone interview",
             "BusinessDate": "%s"}""".formatted(System.getenv("APPLICATION_ID"), Instant.now()), 8));
    }
}
