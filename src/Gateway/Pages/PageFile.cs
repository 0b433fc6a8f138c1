using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;

namespace OrleansJobs.Gateway.Pages;

/// <summary>A file that travels inside the assembly, served from memory.</summary>
internal sealed class PageFile(string path, string contentType, byte[] bytes)
{
    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    private readonly string _etag = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"";

    /// <summary>Relative to its folder, with slashes.</summary>
    public string Path => path;

    /// <summary>All files under a folder of the assembly's resources, such as <c>wwwroot/</c>.</summary>
    public static IEnumerable<PageFile> Under(string folder)
    {
        var assembly = typeof(PageFile).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.Replace('\\', '/').StartsWith(folder, StringComparison.Ordinal))
            .Select(name => Load(assembly, name, name.Replace('\\', '/')[folder.Length..]));
    }

    /// <summary>One file of the assembly's resources.</summary>
    public static PageFile Load(string resource) => Load(typeof(PageFile).Assembly, resource, resource);

    /// <summary>The same with other words in one place.</summary>
    public PageFile With(string before, string after)
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (!text.Contains(before, StringComparison.Ordinal)) throw new InvalidOperationException($"'{path}' lacks '{before}'.");
        return new(path, contentType, Encoding.UTF8.GetBytes(text.Replace(before, after, StringComparison.Ordinal)));
    }

    private static PageFile Load(Assembly assembly, string resource, string path)
    {
        using var stream = assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"The assembly lacks '{resource}'.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var type = ContentTypes.TryGetContentType(path, out var known) ? known : "application/octet-stream";
        return new(path, type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type, bytes);
    }

    public async Task ServeAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.ETag = _etag;
        // Asked for again each time, answered 304 mostly: a new version of the gateway shows at once.
        response.Headers.CacheControl = "no-cache";
        if (context.Request.Headers.IfNoneMatch == _etag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
    }
}
