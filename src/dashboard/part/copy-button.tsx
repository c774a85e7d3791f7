/**
 * A button that copies a text, and says that it did.
 */
import { useState } from 'preact/hooks';

interface CopyButtonProps {
  readonly text: string | (() => string);
  readonly label: string;
}

export function CopyButton({ text, label }: CopyButtonProps) {
  const [word, setWord] = useState(label);
  const copy = async () => {
    const done = await copyText(typeof text === 'string' ? text : text());
    setWord(done ? 'Copied' : 'Not copied');
    window.setTimeout(() => setWord(label), 1_500);
  };
  return (
    <button type="button" class="plain copy" onClick={() => void copy()} aria-live="polite">
      <span class="copy-width" aria-hidden="true">
        {label.length < 10 ? 'Not copied' : label}
      </span>
      <span>{word}</span>
    </button>
  );
}

/** Over plain HTTP on another host than loopback there is no clipboard; a selection can still be copied. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
