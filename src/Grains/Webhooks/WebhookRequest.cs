using System.Globalization;
using OrleansJobs.Hosting;

namespace OrleansJobs.Webhooks;

/// <summary>A call as Standard Webhooks 1.0 has it.</summary>
internal static class WebhookRequest
{
    public static HttpRequestMessage Of(Uri uri, string id, DateTimeOffset now, byte[] body, WebhookOptions options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/json");
        request.Headers.TryAddWithoutValidation("webhook-id", id);
        request.Headers.TryAddWithoutValidation("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("webhook-signature", WebhookSignature.Of(options.Secrets.Select(WebhookSignature.KeyOf).OfType<byte[]>(), id, now, body));
        return request;
    }
}
