export function Purge() { return <p>Purge</p>; }
