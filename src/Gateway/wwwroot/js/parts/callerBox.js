// Who is signed in, in the frame around the views, with the way in or out; and only those ways from there that lead somewhere.
import { onCaller, isOnTheWall, isReadOnly, may, seesAll, signInAddress } from '../live/caller.js';
import { setAttribute, setText } from '../dom.js';
import { t } from '../texts.js';

/** @param {{who: HTMLElement, sign: HTMLElement, key: HTMLElement, links: Iterable<HTMLElement>}} elements */
export function showCaller({ who, sign, key, links }) {
  function show(caller) {
    setText(who, caller?.name ?? '');
    who.hidden = !caller?.name;
    const out = caller?.by === 'signIn' ? caller.signIn?.outPath : undefined;
    const address = signInAddress() ?? out;
    setAttribute(sign, 'href', address);
    setText(sign, out ? t.callerBox.signOut : t.words.signIn);
    // Who may only look is still signed in, and may want to be so no more.
    sign.hidden = !address || isOnTheWall();
    // Where nobody is asked for a key, or somebody is let in without, one changes nothing.
    key.hidden = isReadOnly() || caller?.by === 'signIn';
    for (const link of links) link.hidden = (link.dataset.scope && !may(link.dataset.scope)) || ('whole' in link.dataset && !seesAll());
  }
  onCaller(show);
}
