using System.Reflection;
using EtlPs.Testing.PowerShellHost;

namespace EtlPs.Tests.Module;

public sealed class PublicSurfaceTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public async Task The_modules_assembly_refers_to_the_engine_and_to_no_third_party()
    {
        await using var host = ModuleHost.Create();
        var module = Module(host);

        var foreign = module.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal))
            .Except(["netstandard", "EtlPs.Engine"]);

        Assert.Empty(foreign);
    }

    [Fact]
    public async Task No_member_that_a_user_can_reach_has_a_type_of_the_engine()
    {
        await using var host = ModuleHost.Create();

        var exposed =
            from type in Module(host).GetExportedTypes()
            from member in type.GetMembers(Declared)
            where IsReachable(member) && TypesOf(member).Any(IsOfEngine)
            select $"{type.Name}.{member.Name}";

        Assert.Empty(exposed);
    }

    private static Assembly Module(ModuleHost host) =>
        host.Run("(Get-Command New-EtlSource).ImplementingType.Assembly").WithoutErrors().OutputOf<Assembly>().Single();

    private static bool IsReachable(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors().Length > 0,
        _ => false,
    };

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        MethodInfo method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType),
        ConstructorInfo constructor => constructor.GetParameters().Select(p => p.ParameterType),
        FieldInfo field => [field.FieldType],
        PropertyInfo property => [property.PropertyType],
        _ => [],
    };

    private static bool IsOfEngine(Type type) =>
        type.Assembly.GetName().Name == "EtlPs.Engine"
        || type.GetGenericArguments().Any(IsOfEngine)
        || (type.GetElementType() is { } element && IsOfEngine(element));
}
