using EtlPs.Testing.Postgres;

[assembly: AssemblyFixture(typeof(ServerPool))]
