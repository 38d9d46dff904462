namespace EtlPs.Engine.Postgres.Catalog;

/// <summary>A publication as pg_publication has it.</summary>
/// <param name="Name">Its name, exactly.</param>
/// <param name="Owner">Its owner.</param>
/// <param name="AllTables">FOR ALL TABLES.</param>
/// <param name="Insert">Whether it publishes INSERT.</param>
/// <param name="Update">Whether it publishes UPDATE.</param>
/// <param name="Delete">Whether it publishes DELETE.</param>
/// <param name="Truncate">Whether it publishes TRUNCATE.</param>
/// <param name="ViaPartitionRoot">Whether a partition's changes come as its root's.</param>
internal sealed record PublicationInfo(
    string Name, string Owner, bool AllTables, bool Insert, bool Update, bool Delete, bool Truncate,
    bool ViaPartitionRoot);
