using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OrleansJobs.Tests.Kubernetes;

/// <summary>YAML as JSON, by the rules of YAML's core schema: quoted is text, plain is what it looks like. Merge keys (<c>&lt;&lt;</c>) are resolved.</summary>
internal static class Yaml
{
    public static IEnumerable<JsonObject> ReadAll(string text)
    {
        var stream = new YamlStream();
        stream.Load(new MergingParser(new Parser(new StringReader(text))));
        return stream.Documents.Select(document => (JsonObject)Convert(document.RootNode)!);
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: not ScalarStyle.Plain } text => text.Value,
        YamlScalarNode { Value: null or "" or "~" or "null" } => null,
        YamlScalarNode { Value: "true" or "false" } flag => flag.Value == "true",
        YamlScalarNode { Value: var value } when int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        YamlScalarNode { Value: var value } when long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        YamlScalarNode { Value: var value } when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => real,
        YamlScalarNode text => text.Value,
        _ => throw new NotSupportedException(node.ToString()),
    };
}
