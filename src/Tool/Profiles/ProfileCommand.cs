using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Profiles;

/// <summary><c>profile</c>: names for gateways, with their keys. Nothing is asked of a gateway.</summary>
internal sealed class ProfileCommand : Command
{
    public ProfileCommand(ToolApp app, Connection connection) : base("profile", "Names for gateways and the keys for them, kept in a file that only you can read.")
    {
        Add(List(app));
        Add(Set(app, connection));
        Add(Use(app, connection));
        Add(Delete(app, connection));
    }

    private static Command List(ToolApp app)
    {
        var command = new Command("list", "The profiles, without their keys.");
        app.SetLocalAction(command, (surroundings, printer, _) =>
        {
            var file = ProfileFile.Read(surroundings);
            if (printer.AsJson)
            {
                foreach (var (name, profile) in file.All)
                    printer.Json(JsonSerializer.SerializeToElement(new { name, url = profile.Url, key = profile.Key is not null, keyFile = profile.KeyFile, current = name == file.Current }));
            }
            else
            {
                printer.Table(["PROFILE", "URL", "KEY", "IN USE"], file.All.Select(one => (string[])
                    [one.Key, one.Value.Url!, one.Value.KeyFile is { } path ? $"in {path}" : one.Value.Key is null ? "none" : "kept here", one.Key == file.Current ? "yes" : ""]), "No profiles.");
            }
        });
        return command;
    }

    private static Command Set(ToolApp app, Connection connection)
    {
        var name = new Argument<string>("name") { Description = "What it is called: letters, digits, dots, dashes and underscores.", HelpName = "name" }.Suggest(connection.ProfileNames);
        var command = new Command("set", "Makes a profile, or changes what is said of it: --url, and --key or --key-file; --key - reads the key from the standard input.") { name };
        app.SetLocalAction(command, (surroundings, printer, parsed) =>
        {
            var file = ProfileFile.Read(surroundings);
            var (called, (url, key, keyFile)) = (Profile.CheckName(parsed.GetValue(name)!), connection.Given(parsed));
            var before = file.All.GetValueOrDefault(called);
            url ??= before?.Url ?? throw new UsageException("A profile has an address: give --url.");
            Connection.Parse(url);
            // Of a command line the key is seen by all who list processes.
            if (key is "-") key = surroundings.Input.ReadLine()?.Trim() is { Length: > 0 } line ? line : throw new UsageException("The standard input has no key in its first line.");
            GatewayClient.CheckKey(key);
            if (keyFile is not null)
            {
                // It is read each time; that it cannot be is better known now.
                keyFile = Path.GetFullPath(keyFile);
                KeyFile.Read(keyFile, isToStay: true);
            }

            var isKeyGiven = key is not null || keyFile is not null;
            file.Set(called, new() { Url = url, Key = isKeyGiven ? key is "" ? null : key : before?.Key, KeyFile = isKeyGiven ? keyFile : before?.KeyFile });
            Say(printer, $"{called} is {url}.");
        });
        return command;
    }

    private static Command Use(ToolApp app, Connection connection)
    {
        var name = new Argument<string?>("name") { Description = "The profile.", HelpName = "name", Arity = ArgumentArity.ZeroOrOne }.Suggest(connection.ProfileNames);
        var none = new Option<bool>("--none") { Description = "Use none from now on." };
        var command = new Command("use", "Says which profile goes where none is named.") { name, none };
        app.SetLocalAction(command, (surroundings, printer, parsed) =>
        {
            var called = parsed.GetValue(name);
            if (called is null != parsed.GetValue(none)) throw new UsageException("Give a profile's name, or --none.");
            ProfileFile.Read(surroundings).Use(called);
            Say(printer, called is null ? "No profile is in use." : $"{called} is in use.");
            foreach (var variable in (string[])[Connection.UrlVariable, Connection.ProfileVariable])
            {
                if (called is not null && !string.IsNullOrEmpty(surroundings.Environment(variable))) surroundings.Error.WriteLine($"{variable} is set, and comes first.");
            }
        });
        return command;
    }

    private static Command Delete(ToolApp app, Connection connection)
    {
        var name = new Argument<string>("name") { Description = "The profile.", HelpName = "name" }.Suggest(connection.ProfileNames);
        var command = new Command("delete", "Forgets a profile, and its key.") { name };
        app.SetLocalAction(command, (surroundings, printer, parsed) =>
        {
            ProfileFile.Read(surroundings).Delete(parsed.GetValue(name)!);
            Say(printer, $"{parsed.GetValue(name)} is gone.");
        });
        return command;
    }

    private static void Say(Printer printer, string text)
    {
        if (!printer.AsJson) printer.Line(text);
    }
}
