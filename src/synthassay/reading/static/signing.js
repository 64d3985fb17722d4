// Coming in: by the link of an invitation, or by its code.

export async function signInFromLink() {
  const token = new URLSearchParams(location.hash.slice(1)).get("invitation");
  if (!token) return null;
  history.replaceState(null, "", location.pathname); // the code must not stay in the address bar
  return signIn(token);
}

export async function signIn(token) {
  try {
    const found = await fetch("/sign-in", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token: token.trim() }),
    });
    return found.ok ? "" : (await found.json()).problem || "could not sign in";
  } catch {
    return "cannot be reached; check the connection";
  }
}

export function showSignIn(card, problem, onIn) {
  card.innerHTML = `<h2>Sign in</h2>
    <p>Open the link of your invitation, or paste its code here.</p>
    <form id="sign-in"><label for="token">Invitation</label>
    <input id="token" type="password" autocomplete="off" required minlength="8" maxlength="100">
    <button class="primary" type="submit">Come in</button></form><p class="missing" id="why"></p>`;
  const why = card.querySelector("#why");
  why.textContent = problem ? `The room ${problem}.` : "";
  card.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const refused = await signIn(card.querySelector("#token").value);
    if (refused) why.textContent = `The room ${refused}.`;
    else onIn();
  });
  card.querySelector("#token").focus();
}
