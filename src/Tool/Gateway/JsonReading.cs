using System.Globalization;
using System.Text.Json;

namespace OrleansJobs.Tool.Gateway;

/// <summary>Reads members that may not be there: a newer or older gateway may say more or less.</summary>
internal static class JsonReading
{
    extension(JsonElement json)
    {
        public JsonElement? Member(string name) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

        public string? Text(string name) => json.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

        public long? Number(string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

        public double? Real(string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : null;

        public bool Flag(string name) => json.Member(name) is { ValueKind: JsonValueKind.True };

        public DateTimeOffset? Instant(string name) =>
            json.Text(name) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) ? instant : null;

        public IEnumerable<JsonElement> Items(string name) => json.Member(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
    }
}
