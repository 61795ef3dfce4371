//! The cryptography of Jangteo: what the ports of the user context ask for, and the keys behind it.
//!
//! | port of `jangteo-user` or the shared kernel | adapter | with |
//! |---|---|---|
//! | `PasswordHasher` | [`Argon2idHasher`] | Argon2id, parameters of OWASP |
//! | `FieldCipher` (ADR-027) | [`SealedFields`] | XChaCha20-Poly1305; HMAC-SHA256 for the look-up by e-mail |
//! | `AccessTokens` (ADR-029) | [`Hs256Tokens`] | JWT, HS256 and nothing else |
//! | `SecretHasher` (ADR-029) | [`Sha256Secrets`] | SHA-256 |
//! | `Clock`, `Entropy` | [`SystemClock`], [`SystemEntropy`] | the operating system |
//!
//! Besides, [`refresh_token_text`] is the text of a refresh token, [`CursorSeal`] signs the cursors of lists
//! (ADR-030), and [`ServiceKeys`] reads all keys from one file or text, or generates the file at the first start.
//!
//! # Keys
//! Each purpose has keys of its own. Access tokens and fields have a [`KeyRing`]: the current key signs and seals,
//! older ones still verify and open, so a key is replaced by adding one. The ring of fields is replaced while servers run
//! (ADR-040): [`KeyFileLock`] changes a key file, and a server's [`SealedFields`] learn the ring of its [`RingFile`]. Keys are not printed by `Debug` and are wiped from memory when dropped. That is best effort: what a compiler leaves in registers, on a stack or in
//! memory that was swapped out is not reached.
//!
//! # Comparisons
//! MACs, AEAD tags and password hashes are compared by the libraries that compute them, in constant time.
//!
//! ```
//! use std::sync::Arc;
//!
//! use jangteo_security::{CursorSeal, Hs256Tokens, SealedFields, ServiceKeys, SystemClock, SystemEntropy};
//! use jangteo_shared_kernel::{Clock, RefreshFamilyId, UserId};
//! use jangteo_user::{AccessClaims, AccessTokens, FieldCipher, FieldPlace, InvalidAccessToken, Role};
//!
//! let keys = ServiceKeys::generate(&SystemEntropy); // a server: ServiceKeys::load_or_generate(file, …)
//! let now = SystemClock.now();
//! let user = UserId::generate(now, &SystemEntropy);
//!
//! // Personal data opens at the place that it was sealed for.
//! let fields = SealedFields::new(&keys.fields, Arc::new(SystemEntropy));
//! let place = FieldPlace { column: "users.email", user };
//! let sealed = fields.seal(place, "minji@example.com")?;
//! assert_eq!(fields.open(place, &sealed)?, "minji@example.com");
//! assert!(fields.open(FieldPlace { column: "users.name", user }, &sealed).is_err());
//!
//! // An access token holds until just before it expires.
//! let tokens = Hs256Tokens::new(&keys.token);
//! let family = RefreshFamilyId::generate(now, &SystemEntropy);
//! let expires_at = "2999-01-01T00:00:00Z".parse()?;
//! let token = tokens.sign(&AccessClaims { user, family, role: Role::Customer, issued_at: now, expires_at })?;
//! assert_eq!(tokens.verify(&token, now)?.user, user);
//! assert_eq!(tokens.verify(&token, expires_at), Err(InvalidAccessToken));
//!
//! // A cursor opens for the list that it was given out for.
//! let cursors = CursorSeal::new(&keys.cursor);
//! let cursor = cursors.seal("products?sort=newest", b"position");
//! assert_eq!(cursors.open("products?sort=newest", &cursor).as_deref(), Some(&b"position"[..]));
//! assert_eq!(cursors.open("products?sort=name", &cursor), None);
//! # Ok::<(), jangteo_shared_kernel::Cause>(())
//! ```
#![deny(missing_docs)]

mod access_tokens;
mod argon2id;
mod counter_names;
mod cursor_seal;
mod field_cipher;
mod key_changes;
mod key_draft;
mod key_file;
mod key_ring;
mod keys;
mod mac;
pub mod refresh_token_text;
mod ring_file;
mod secret_hash;
mod system;

pub use access_tokens::Hs256Tokens;
pub use argon2id::{Argon2idCost, Argon2idHasher, HashingBounds, InvalidArgon2idCost};
pub use counter_names::CounterNames;
pub use cursor_seal::CursorSeal;
pub use field_cipher::{RingSource, SealedFields};
pub use key_changes::KeyFileLock;
pub use key_ring::{FieldKeys, InvalidKeyRing, KeyRing, SecretKey};
pub use keys::{KeysError, ServiceKeys};
pub use ring_file::RingFile;
pub use secret_hash::Sha256Secrets;
pub use system::{SystemClock, SystemEntropy};
