using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Tool;

public sealed class ProfileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-profiles-");
    private readonly ToolRun _tool = new();

    public ProfileTests() => _tool.ConfigurationFolder = Path.Combine(_folder.FullName, "config");

    private string File => Path.Combine(_tool.ConfigurationFolder, "orleansjobs", "profiles.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Profile_SaysWhereTheGatewayIs_AndTheKey()
    {
        await SetAsync("prod", "https://prod.example/", "secret");
        await SetAsync("test", "http://test.example", null);
        Assert.Empty(_tool.Gateway.Requests);
        Assert.Equal(("https://prod.example/stats", "secret"), await AskedAsync("--profile", "prod"));
        Assert.Equal(("http://test.example/stats", null), await AskedAsync("--profile", "test"));
        Assert.Equal(("http://localhost:8080/stats", null), await AskedAsync());
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "prod"));
        Assert.Equal(("https://prod.example/stats", "secret"), await AskedAsync());
    }

    [Theory]
    // Options, then environment, then what is used: url and key.
    [InlineData("", "", "", "http://localhost:8080/", null)]
    [InlineData("", "", "prod", "http://prod/", "prod-key")]
    [InlineData("", "profile=test", "prod", "http://test/", "test-key")]
    [InlineData("--profile test", "profile=prod", "prod", "http://test/", "test-key")]
    [InlineData("", "url=http://env", "", "http://env/", null)]
    [InlineData("", "url=http://env key=env-key", "prod", "http://env/", "env-key")]
    [InlineData("", "key=env-key", "prod", "http://prod/", "env-key")]
    [InlineData("--url http://given --key given-key", "url=http://env key=env-key profile=test", "prod", "http://given/", "given-key")]
    [InlineData("--key given-key", "", "prod", "http://prod/", "given-key")]
    // What is named on the line goes before the environment: nobody means a variable by it.
    [InlineData("--profile test", "url=http://env key=env-key", "", "http://test/", "test-key")]
    // It says that it has no key: that of the environment is another gateway's.
    [InlineData("--profile keyless", "key=env-key", "", "http://keyless/", null)]
    [InlineData("--profile keyless --key given-key", "key=env-key", "", "http://keyless/", "given-key")]
    [InlineData("--profile test --url http://given", "", "", "http://given/", "test-key")]
    [InlineData("--profile test --key given-key", "", "", "http://test/", "given-key")]
    // A key goes to its own address, unless it was asked for by name.
    [InlineData("--url http://given", "", "prod", "http://given/", null)]
    [InlineData("--url http://given", "profile=test", "prod", "http://given/", null)]
    [InlineData("", "url=http://env profile=test", "prod", "http://env/", null)]
    public async Task Options_GoBeforeTheEnvironment_AndThatBeforeTheProfile(string options, string environment, string used, string url, string? key)
    {
        await SetAsync("prod", "http://prod", "prod-key");
        await SetAsync("test", "http://test", "test-key");
        await SetAsync("keyless", "http://keyless", null);
        if (used.Length > 0) Assert.Equal(0, await _tool.RunAsync("profile", "use", used));
        foreach (var pair in environment.Split(' ', StringSplitOptions.RemoveEmptyEntries)) _tool.Environment[$"ORLEANSJOBS_{pair.Split('=')[0].ToUpperInvariant()}"] = pair.Split('=')[1];
        Assert.Equal((url + "stats", key), await AskedAsync(options.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task File_IsReadByItsOwnerAlone()
    {
        await SetAsync("prod", "http://prod", "secret");
        Assert.Contains("secret", await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));

        // Also where somebody had opened it to all, or keeps it elsewhere.
        var elsewhere = Path.Combine(_folder.FullName, "dotfiles.json");
        System.IO.File.Move(File, elsewhere);
        System.IO.File.CreateSymbolicLink(File, elsewhere);
        System.IO.File.SetUnixFileMode(elsewhere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await SetAsync("test", "http://test", null);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(elsewhere));
        Assert.NotNull(new FileInfo(File).LinkTarget);
        Assert.Equal(["profiles.json"], Directory.GetFiles(Path.GetDirectoryName(File)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task List_TellsNoKeys()
    {
        Assert.Equal(0, await _tool.RunAsync("profile", "list"));
        Assert.Equal("No profiles.\n", _tool.Out);
        await SetAsync("prod", "http://prod", "secret");
        await SetAsync("test", "http://test", null);
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "prod"));
        Assert.Equal(0, await _tool.RunAsync("profile", "list"));
        Assert.Equal(["PROFILE\tURL\tKEY\tIN USE", "prod\thttp://prod\tkept here\tyes", "test\thttp://test\tnone\t"], _tool.Lines);
        Assert.Equal(0, await _tool.RunAsync("profile", "list", "--json"));
        Assert.Equal("""{"name":"prod","url":"http://prod","key":true,"keyFile":null,"current":true}""", _tool.Lines[0]);
        Assert.DoesNotContain("secret", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Set_ChangesWhatIsSaid_AndKeepsTheRest()
    {
        await SetAsync("prod", "http://prod", "secret");
        Assert.Equal(0, await _tool.RunAsync("profile", "set", "prod", "--url", "http://moved"));
        Assert.Equal(("http://moved/stats", "secret"), await AskedAsync("--profile", "prod"));
        var keyFile = Path.Combine(_folder.FullName, "key");
        await System.IO.File.WriteAllTextAsync(keyFile, "from-file\n");
        Assert.Equal(0, await _tool.RunAsync("profile", "set", "prod", "--key-file", keyFile));
        Assert.Equal(("http://moved/stats", "from-file"), await AskedAsync("--profile", "prod"));
        Assert.DoesNotContain("from-file", await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
        // The file is read each time: a key that was changed holds.
        await System.IO.File.WriteAllTextAsync(keyFile, "newer\n");
        Assert.Equal(("http://moved/stats", "newer"), await AskedAsync("--profile", "prod"));
        Assert.Equal(0, await _tool.RunAsync("profile", "set", "prod", "--key", ""));
        Assert.Equal(("http://moved/stats", null), await AskedAsync("--profile", "prod"));
    }

    [Fact]
    public async Task Delete_ForgetsIt_AlsoAsTheOneInUse()
    {
        await SetAsync("prod", "http://prod", "secret");
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "prod"));
        Assert.Equal(0, await _tool.RunAsync("profile", "delete", "prod"));
        Assert.DoesNotContain("secret", await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
        Assert.Equal(("http://localhost:8080/stats", null), await AskedAsync());
        await SetAsync("prod", "http://prod", null);
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "prod"));
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "--none"));
        Assert.Equal(("http://localhost:8080/stats", null), await AskedAsync());
    }

    [Fact]
    public async Task Use_SaysWhatComesBeforeIt()
    {
        await SetAsync("prod", "http://prod", null);
        _tool.Environment["ORLEANSJOBS_URL"] = "http://env";
        Assert.Equal(0, await _tool.RunAsync("profile", "use", "prod"));
        Assert.Equal("ORLEANSJOBS_URL is set, and comes first.\n", _tool.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"profiles\":null}")]
    [InlineData("{\"profiles\":{\"a\":null}}")]
    [InlineData("{\"profiles\":{\"a\":{}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":null}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":\"nowhere\"}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":7}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":\"http://a\",\"key\":\"k\",\"keyFile\":\"f\"}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":\"http://a\",\"keyFile\":\"\"}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":\"http://a\",\"token\":\"k\"}}}")]
    [InlineData("{\"profiles\":{\"a\":{\"url\":\"http://a\"},\"a\":{\"url\":\"http://b\"}}}")]
    [InlineData("{\"current\":\"b\",\"profiles\":{\"a\":{\"url\":\"http://a\"}}}")]
    public async Task DamagedFile_IsSaidToBe_AndIsLeftAsItIs(string contents)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, contents);
        foreach (var arguments in (string[][])[["stats"], ["stats", "--profile", "a"], ["profile", "list"], ["profile", "set", "b", "--url", "http://b"], ["profile", "delete", "a"]])
        {
            Assert.Equal(2, await _tool.RunAsync(arguments));
            Assert.StartsWith($"The file of profiles '{File}' is damaged: ", _tool.Error, StringComparison.Ordinal);
        }

        Assert.Empty(_tool.Gateway.Requests);
        Assert.Equal(contents, await System.IO.File.ReadAllTextAsync(File));
        // Who says all, asks for none of it.
        Assert.Equal(("http://given/stats", "k"), await AskedAsync("--url", "http://given", "--key", "k"));
    }

    [Fact]
    public async Task FileThatCannotBeReadOrKept_IsSaidToBe()
    {
        Directory.CreateDirectory(File);
        Assert.Equal(2, await _tool.RunAsync("stats"));
        Assert.StartsWith($"The file of profiles '{File}' cannot be read: ", _tool.Error, StringComparison.Ordinal);
        Directory.Delete(File);
        await System.IO.File.WriteAllTextAsync(File, new string(' ', 300_000));
        Assert.Equal(2, await _tool.RunAsync("stats"));
        Assert.Equal($"The file of profiles '{File}' is larger than 256 KiB.\n", _tool.Error);

        _tool.ConfigurationFolder = Path.Combine(File, "below-a-file");
        Assert.Equal(2, await _tool.RunAsync("profile", "set", "a", "--url", "http://a"));
        Assert.Matches("cannot be (read|written)", _tool.Error);
        _tool.ConfigurationFolder = "";
        Assert.Equal(2, await _tool.RunAsync("profile", "list"));
        Assert.StartsWith("There is no folder for profiles", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("stats"));
    }

    [Fact]
    public async Task UnknownProfile_IsNamed_WithThoseThatThereAre()
    {
        await SetAsync("prod", "http://prod", null);
        foreach (var arguments in (string[][])[["stats", "--profile", "nope"], ["profile", "use", "nope"], ["profile", "delete", "nope"]])
        {
            Assert.Equal(2, await _tool.RunAsync(arguments));
            Assert.Equal($"There is no profile 'nope'; there are prod. They are in '{File}'.\n", _tool.Error);
        }

        _tool.Environment["ORLEANSJOBS_PROFILE"] = "nope";
        Assert.Equal(2, await _tool.RunAsync("stats"));
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Theory]
    [InlineData("profile")]
    [InlineData("profile", "set")]
    [InlineData("profile", "set", "a")]
    [InlineData("profile", "set", "a", "--url", "nowhere")]
    [InlineData("profile", "set", "a", "--url", "http://name:password@a")]
    [InlineData("profile", "set", "a", "--url", "http://a", "--key", "-")]
    [InlineData("profile", "set", "a b", "--url", "http://a")]
    [InlineData("profile", "set", "", "--url", "http://a")]
    [InlineData("profile", "set", "ä", "--url", "http://a")]
    [InlineData("profile", "set", "a", "--url", "http://a", "--key", "two words")]
    [InlineData("profile", "set", "a", "--url", "http://a", "--key", "k", "--key-file", "f")]
    [InlineData("profile", "set", "a", "--url", "http://a", "--key-file", "/no/such/file")]
    [InlineData("profile", "use")]
    [InlineData("profile", "use", "a", "--none")]
    [InlineData("profile", "delete")]
    public async Task WhatIsNotPlain_IsNotKept(params string[] arguments)
    {
        Assert.Equal(2, await _tool.RunAsync(arguments));
        Assert.NotEmpty(_tool.Error);
        Assert.False(System.IO.File.Exists(File));
    }

    /// <summary>Of a command line it is seen by all who list processes.</summary>
    [Fact]
    public async Task Key_IsReadFromTheStandardInput()
    {
        _tool.Input = " secret \nand more";
        Assert.Equal(0, await _tool.RunAsync("profile", "set", "prod", "--url", "http://prod", "--key", "-"));
        Assert.Equal(("http://prod/stats", "secret"), await AskedAsync("--profile", "prod"));
    }

    [Fact]
    public async Task Pipe_IsNoKeyFileOfAProfile_SinceItIsReadOnce()
    {
        var said = await Command.RunAsync(_folder.FullName, "bash", PseudoTerminal.Environment(_folder.FullName), 0, "-c", "orleansjobs profile set a --url http://a --key-file <(echo secret) 2>&1; echo $?");
        Assert.Matches(@"is no file that can be read again: .*\n2\n\z", said);
        Assert.False(Directory.Exists(Path.Combine(_folder.FullName, "orleansjobs")));
    }

    [Fact]
    public async Task AddressWithAPassword_IsNone_AndThePasswordIsNotShown()
    {
        Assert.Equal(2, await _tool.RunAsync("stats", "--url", "http://name:password@a"));
        Assert.Equal("'http://...@a' is no address of a gateway, such as http://localhost:8080.\n", _tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("  secret \r\nand more\n")]
    [InlineData("\ufeffsecret\n")]
    public async Task KeyFile_HoldsTheKeyInItsFirstLine(string contents)
    {
        var path = Path.Combine(_folder.FullName, "key");
        await System.IO.File.WriteAllTextAsync(path, contents);
        Assert.Equal(("http://localhost:8080/stats", "secret"), await AskedAsync("--key-file", path));
    }

    [Theory]
    [InlineData(null, "cannot be read: Could not find")]
    [InlineData("", "has no key in its first line")]
    [InlineData("\nsecret", "has no key in its first line")]
    [InlineData("  \t \n", "has no key in its first line")]
    [InlineData("two words", "The key has characters that no key has")]
    [InlineData("large", "is larger than 16 KiB")]
    public async Task KeyFile_ThatHoldsNone_IsSaidTo(string? contents, string error)
    {
        var path = Path.Combine(_folder.FullName, "key");
        if (contents is not null) await System.IO.File.WriteAllTextAsync(path, contents == "large" ? "key\n" + new string('x', 16 * 1024) : contents);
        Assert.Equal(2, await _tool.RunAsync("stats", "--key-file", path));
        Assert.Contains(error, _tool.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _tool.RunAsync("stats", "--key-file", _folder.FullName));
        Assert.Contains("cannot be read", _tool.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _tool.RunAsync("stats", "--key-file", path, "--key", "k"));
        Assert.Equal("Give --key or --key-file, not both.\n", _tool.Error);
        Assert.Empty(_tool.Gateway.Requests);
    }

    private async Task SetAsync(string name, string url, string? key)
    {
        Assert.Equal(0, await _tool.RunAsync(["profile", "set", name, "--url", url, .. key is null ? Array.Empty<string>() : ["--key", key]]));
        Assert.Equal($"{name} is {url}.\n", _tool.Out);
    }

    private async Task<(string Address, string? Key)> AskedAsync(params string[] options)
    {
        Assert.Equal(0, await _tool.RunAsync(["stats", .. options]));
        var request = _tool.Gateway.Requests[^1].Message;
        return (request.RequestUri!.AbsoluteUri, request.Headers.Authorization?.Parameter);
    }
}
