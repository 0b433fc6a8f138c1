using System.Text.Json;
using OrleansJobs.Gateway.Working;

namespace OrleansJobs.Gateway.Topics;

/// <summary>The JSON of bindings: <c>{"pattern", "type", "queue", "args"}</c>.</summary>
internal static class BindingJson
{
    public static TopicBinding Read(ReadOnlyMemory<byte> body, string id) => MemberReader.Read(body, "A binding", (read, root) =>
    {
        var binding = new TopicBinding { Id = id, Pattern = "", Type = "" };
        var (hasPattern, hasType) = (false, false);
        read.Object(root, "", "A binding", (name, value, at) =>
        {
            switch (name)
            {
                case "pattern": (binding, hasPattern) = (binding with { Pattern = read.Text(value, at, TopicPatterns.MaxLength) ?? TopicPatterns.Any }, true); return true;
                case "type": (binding, hasType) = (binding with { Type = read.Name(value, at) ?? "-" }, true); return true;
                case "queue": binding = binding with { Queue = read.Name(value, at) }; return true;
                case "args": binding = binding with { Args = read.Raw(value, at, TopicBinding.MaxArgsBytes) }; return true;
                default: return false;
            }
        });
        if (!hasPattern) read.Wrong("/pattern", "A binding has a pattern.");
        if (!hasType) read.Wrong("/type", "A binding has a type.");
        return binding;
    });

    public static void Write(Utf8JsonWriter writer, TopicBinding binding)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, binding.Id);
        writer.WriteString("pattern"u8, binding.Pattern);
        writer.WriteString("type"u8, binding.Type);
        writer.WriteString("queue"u8, binding.Queue);
        if (binding.Args is { } args)
        {
            writer.WritePropertyName("args"u8);
            writer.WriteRawValue(args, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }
}
