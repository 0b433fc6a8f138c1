using System.Reflection;
using System.Text;

namespace OrleansJobs.Tests.Upgrades;

/// <summary>All that crosses a wire between processes of different releases, as text: aliases, members with their numbers, methods.</summary>
internal static class ContractList
{
    private static readonly Assembly[] Assemblies = [typeof(JobStatus).Assembly, typeof(Hosting.JobGridOptions).Assembly];

    public static string Write()
    {
        var text = new StringBuilder();
        var types = Assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.Name.Contains("Codec_", StringComparison.Ordinal) && type.Namespace?.StartsWith("OrleansJobs", StringComparison.Ordinal) == true)
            .Where(type => type.GetCustomAttribute<AliasAttribute>() is not null || type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)
            .Where(type => type.IsInterface || type.GetCustomAttribute<GenerateSerializerAttribute>() is not null)
            .OrderBy(Alias, StringComparer.Ordinal);
        foreach (var type in types)
        {
            text.Append(Alias(type)).Append(type.IsInterface ? " (calls)" : type.IsEnum ? $" ({Name(Enum.GetUnderlyingType(type))})" : "").Append('\n');
            foreach (var line in Members(type)) text.Append("  ").Append(line).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum) return Enum.GetNames(type).Select(name => $"{Convert.ToInt64(Enum.Parse(type, name), null)} {name}");
        if (type.IsInterface)
        {
            return type.GetMethods().OrderBy(method => method.GetCustomAttribute<AliasAttribute>()?.Alias, StringComparer.Ordinal).Select(method =>
                $"{method.GetCustomAttribute<AliasAttribute>()?.Alias ?? "NO ALIAS " + method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)))}) {Name(method.ReturnType)}");
        }

        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        return type.GetProperties(Own).Select(property => (Id: property.GetCustomAttribute<IdAttribute>()?.Id, property.Name, Type: property.PropertyType))
            .Concat(type.GetFields(Own).Select(field => (Id: field.GetCustomAttribute<IdAttribute>()?.Id, field.Name, Type: field.FieldType)))
            .Where(member => member.Id is not null)
            .OrderBy(member => member.Id)
            .Select(member => $"{member.Id} {member.Name} {Name(member.Type)}");
    }

    private static string Alias(Type type) => type.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"NO ALIAS {type.FullName}";

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value) return Name(value) + "?";
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericType) return $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
        return type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.Name;
    }
}
