export function Entries() { return <p>Entries</p>; }
