using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace SignIn;

/// <summary>Stands for what knows people in your application, such as ASP.NET's Identity or a provider of OpenID Connect. Section <c>People</c>, with their passwords, is for show.</summary>
internal sealed class People(IConfiguration configuration)
{
    /// <summary>Null: nobody of this name, or another password.</summary>
    public ClaimsPrincipal? Find(string name, string password)
    {
        var person = configuration.GetSection("People").GetChildren().SingleOrDefault(person => person.Key == name);
        if (person?["Password"] is not { } expected || !CryptographicOperations.FixedTimeEquals(Hash(password), Hash(expected))) return null;
        return new(new ClaimsIdentity(
            [new(ClaimTypes.NameIdentifier, name), new(ClaimTypes.Name, name), new(ClaimTypes.Role, person["Role"] ?? "staff")],
            CookieAuthenticationDefaults.AuthenticationScheme));
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
