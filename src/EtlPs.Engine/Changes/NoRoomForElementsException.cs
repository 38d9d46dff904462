namespace EtlPs.Engine.Changes;

/// <summary>There is no memory for the elements of a list, beside those of the rows before it.</summary>
internal sealed class NoRoomForElementsException()
    : UnrepresentableValueException("an array of more elements than there is memory for")
{
    public override bool IsOfTheValue => false;
}
