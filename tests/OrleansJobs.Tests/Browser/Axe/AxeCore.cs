using Microsoft.Playwright;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Browser.Axe;

/// <summary>The rules of axe-core, from npm's registry, in a page: what somebody who sees, hears or points otherwise would stumble over.</summary>
internal static class AxeCore
{
    // All that WCAG 2.2 asks for at level AA, with what is good practice beyond it; of the rules that are off otherwise, the size of what is pointed at.
    private const string Run =
        """
        async () => {
          const { violations } = await axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            rules: { 'target-size': { enabled: true } },
          });
          return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, html, failureSummary }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${html.slice(0, 300)}\n  ${failureSummary.replaceAll('\n', '\n  ')}`));
        }
        """;

    private static readonly Lazy<Task<string>> Source = new(InstallAsync);

    /// <returns>What is wrong, each with where and why.</returns>
    public static async Task<string[]> FindAsync(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("'axe' in window")) await page.EvaluateAsync(await Source.Value);
        return await page.EvaluateAsync<string[]>(Run);
    }

    private static async Task<string> InstallAsync()
    {
        var folder = Directory.CreateTempSubdirectory("orleansjobs-axe-").FullName;
        try
        {
            File.Copy(Repository.PathOf("tests/OrleansJobs.Tests/Browser/Axe/package.json"), Path.Combine(folder, "package.json"));
            await Command.RunAsync(folder, "npm", [], 0, "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent");
            return await File.ReadAllTextAsync(Path.Combine(folder, "node_modules/axe-core/axe.min.js"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
