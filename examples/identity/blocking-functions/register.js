// Tells the Auth emulator where the blocking functions are. In production, the deployment does.

/** Registers the functions that this machine hosts at the port; without one, takes the registration back. */
export async function register(port) {
  const { FIREBASE_AUTH_EMULATOR_HOST, GCLOUD_PROJECT } = process.env;
  // firebase-functions only takes requests for an address with PROJECT.cloudfunctions.net/ in it.
  const at = name => ({ functionUri: `http://127.0.0.1:${port}/${GCLOUD_PROJECT}.cloudfunctions.net/${name}` });
  const triggers = port ? { beforeCreate: at('beforecreate'), beforeSignIn: at('beforesignin') } : {};
  const url = `http://${FIREBASE_AUTH_EMULATOR_HOST}/identitytoolkit.googleapis.com/v2/projects/${GCLOUD_PROJECT}/config?updateMask=blockingFunctions`;
  const headers = { Authorization: 'Bearer owner', 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify({ blockingFunctions: { triggers } }) });
  if (!response.ok) throw new Error(`the Auth emulator refuses the functions: ${await response.text()}`);
}
