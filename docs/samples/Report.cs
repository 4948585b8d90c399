using System;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;

public static class Program
{
    static readonly HttpClient Client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
    static readonly Random Chance = new Random();

    static async Task<string> Report(string message, int attempts = 8)
    {
        var url = Environment.GetEnvironmentVariable("STATUS_URL") + "/api/application-status";
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            var pause = TimeSpan.FromSeconds(Chance.NextDouble() * Math.Min(60, 1 << attempt));
            try
            {
                using (var content = new StringContent(message, Encoding.UTF8, "application/json"))
                using (var reply = await Client.PostAsync(url, content))
                {
                    var body = await reply.Content.ReadAsStringAsync();
                    if (reply.IsSuccessStatusCode) return body;
                    if ((int)reply.StatusCode != 429 && (int)reply.StatusCode < 500) throw new ArgumentException(body);
                    pause += reply.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
                }
            }
            catch (Exception error) when (error is HttpRequestException || error is TaskCanceledException)
            {
                // no answer: send it again
            }
            await Task.Delay(pause);
        }
        throw new InvalidOperationException("not sent: keep the report and send it with the next ones");
    }

    public static void Main()
    {
        Client.DefaultRequestHeaders.Add("X-AtsiToken", Environment.GetEnvironmentVariable("ATSI_TOKEN"));
        var application = Environment.GetEnvironmentVariable("APPLICATION_ID");
        Console.WriteLine(Report($@"{{""AtsiApplicationId"": ""{application}"", ""Status"": ""INTERVIEW"",
            ""RawStatus"": ""1st phone interview"", ""BusinessDate"": ""{DateTime.UtcNow:s}Z""}}").GetAwaiter().GetResult());
    }
}
