//! Who calls. Only this module makes the proofs, so a handler that holds one has been called by such a person.

use actix_web::HttpRequest;
use actix_web::http::header;
use jangteo_application::Caller;
use jangteo_shared_kernel::{RefreshFamilyId, UserId};
use jangteo_user::{AccessClaims, Session};

use crate::problem::{Code, Problem};
use crate::security_events::access_refused;
use crate::shop::Shop;

/// Who may call.
pub(crate) trait Access: Sized + 'static {
    /// What it may refuse with.
    const PROBLEMS: &'static [Code];

    /// The roles of which the caller needs one, as the document names them. `None`: nobody has to be logged in; an empty
    /// list: any role will do.
    const ROLES: Option<&'static [&'static str]>;

    /// The proof that the caller is such a person.
    fn prove(bearer: Option<Bearer>, shop: &Shop) -> impl Future<Output = Result<Self, Problem>>;
}

/// Somebody who showed a token that was signed here and has not expired. Whether its log-in and its account still stand is
/// not known yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer(AccessClaims);

/// A person with an account.
pub(crate) trait Person {
    /// Who.
    fn user(&self) -> UserId;
}

/// Anyone: nothing is asked and nothing is known.
#[derive(Debug)]
pub(crate) struct Anyone(());

/// Somebody with an account and a log-in that stands.
#[derive(Debug)]
pub(crate) struct SignedIn {
    caller: Caller,
    family: RefreshFamilyId,
}

/// Somebody who runs the shop.
#[derive(Debug)]
pub(crate) struct Administrator(SignedIn);

impl Access for Anyone {
    const PROBLEMS: &'static [Code] = &[];
    const ROLES: Option<&'static [&'static str]> = None;

    async fn prove(_: Option<Bearer>, _: &Shop) -> Result<Self, Problem> {
        Ok(Self(()))
    }
}

impl Access for SignedIn {
    const PROBLEMS: &'static [Code] = &[Code::Unauthenticated];
    const ROLES: Option<&'static [&'static str]> = Some(&[]);

    async fn prove(bearer: Option<Bearer>, shop: &Shop) -> Result<Self, Problem> {
        let refused = || Problem::plain(Code::Unauthenticated);
        let Bearer(claims) = bearer.ok_or_else(refused)?;
        // The signature says who it was; whether account and log-in still stand, and the role now, are looked up.
        let session = Session { user: claims.user, family: claims.family };
        let standing = shop.groups.session_standing.submit(session).await?;
        let role = standing.ok_or_else(refused)?.role;
        Ok(Self { caller: Caller { user: claims.user, role }, family: claims.family })
    }
}

impl Access for Administrator {
    const PROBLEMS: &'static [Code] = &[Code::Unauthenticated, Code::Forbidden];
    const ROLES: Option<&'static [&'static str]> = Some(&["ADMIN"]);

    async fn prove(bearer: Option<Bearer>, shop: &Shop) -> Result<Self, Problem> {
        let caller = SignedIn::prove(bearer, shop).await?;
        if caller.caller.is_admin() {
            return Ok(Self(caller));
        }
        access_refused(caller.user());
        Err(Problem::plain(Code::Forbidden))
    }
}

impl Bearer {
    /// Whoever a request says it comes from, if that is signed.
    pub(super) fn of(request: &HttpRequest, shop: &Shop) -> Option<Self> {
        let claims = shop.access_tokens.verify(token(request)?, shop.sources.now());
        claims.ok().map(Self)
    }

    /// The log-in that the token belongs to.
    pub(super) fn log_in(&self) -> RefreshFamilyId {
        self.0.family
    }
}

impl Person for SignedIn {
    fn user(&self) -> UserId {
        self.caller.user
    }
}

impl Person for Administrator {
    fn user(&self) -> UserId {
        self.0.caller.user
    }
}

impl SignedIn {
    /// The log-in that the access token belongs to.
    pub(crate) fn family(&self) -> RefreshFamilyId {
        self.family
    }

    /// They, as use cases know them.
    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether they may see what belongs to this user. That somebody may not is told to the log.
    pub(crate) fn may_see(&self, owner: UserId) -> bool {
        let may = self.caller.may_touch(owner);
        if !may {
            access_refused(self.user());
        }
        may
    }
}

/// The token of `Authorization: Bearer …`, if that is there once.
fn token(request: &HttpRequest) -> Option<&str> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    let once = values.next().is_none();
    (once && scheme.eq_ignore_ascii_case("bearer")).then_some(token.trim())
}
