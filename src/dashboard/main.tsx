import { render } from 'preact';
render(<p>Refrain</p>, document.getElementById('page')!);
