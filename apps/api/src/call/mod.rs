//! The way of a request to its handler, the same for all.
//!
//! A [`Call`] is all that a handler gets. Its type says who may call, what the request brings along and whether it
//! needs an idempotency key; taking it apart keeps the promised precedence: 429, 401, 403, 415, 413, 400 for the key, 400
//! for the JSON, 422. What a handler finds out after that is 404, then 409.

mod access;
mod body;
mod fingerprint;
mod input;
mod json;
mod key;
mod query;
mod reserved;
mod strict;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::{Bytes, Data};
use jangteo_shared_kernel::Id;

use access::Bearer;
pub(crate) use access::{Access, Administrator, Anyone, Person, SignedIn};
pub(crate) use input::{Input, Json, Nothing, Query};
pub(crate) use json::present;
pub(crate) use json::{Body, Terms};
pub(crate) use key::{IDEMPOTENCY_KEY, Keyed, Keying, NoKey};
pub(crate) use query::{Paging, Parameters, QueryString};
pub(crate) use reserved::ForAdministrators;

use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::shop::Shop;

/// A request that has passed every check which does not need its handler.
#[derive(Debug)]
pub(crate) struct Call<A, I: Input = Nothing, K = NoKey> {
    /// The shop.
    pub(crate) shop: Data<Shop>,
    /// Who calls.
    pub(crate) who: A,
    /// What the request brings along.
    pub(crate) input: I::Meaning,
    /// The mark of its key, if it has to have one.
    pub(crate) key: K,
    /// The request.
    pub(crate) request: HttpRequest,
}

impl<A, I: Input, K> Call<A, I, K> {
    /// An id of the path. What is none names nothing.
    pub(crate) fn path_id<T>(&self, name: &str) -> Result<Id<T>, Problem> {
        self.request.match_info().query(name).parse().map_err(|_| Problem::not_found())
    }
}

async fn take_apart<A: Access, I: Input, K: Keying<A>>(
    request: HttpRequest,
    payload: &mut Payload,
    class: RouteClass,
) -> Result<Call<A, I, K>, Problem> {
    let shop = request.app_data::<Data<Shop>>().cloned();
    let shop = shop.ok_or_else(|| Problem::internal(&"a route without a shop".into()))?;
    let limits = shop.rate_limits.as_ref();
    let wanted = A::ROLES.is_some() || (limits.is_some() && class.knows_log_ins());
    let bearer = if wanted { Bearer::of(&request, &shop) } else { None };
    // Before anything is looked up. A token that is none is its sender's, wherever they are.
    if let Some(limits) = limits {
        limits.count(class, &request, bearer.map(|bearer| bearer.log_in())).await?;
    }
    let who = A::prove(bearer, &shop).await?;
    I::check_media_type(&request)?;
    let reads = !matches!(*request.method(), Method::GET | Method::HEAD);
    let bytes = if reads { body::read(&request, payload).await? } else { Bytes::new() };
    let key = K::read(&request)?;
    let json = I::decode(&bytes)?;
    let key = K::mark(key, &who, || fingerprint::fingerprint(&request, json.as_ref()));
    let input = I::interpret(&request, json, shop.terms)?;
    Ok(Call { shop, who, input, key, request })
}

/// What a handler of the API takes, and which problems can be met before it.
pub(crate) trait Promises: Sized {
    /// Takes a request to a route of this class apart.
    fn of(
        request: HttpRequest,
        payload: &mut Payload,
        class: RouteClass,
    ) -> impl Future<Output = Result<Self, Problem>>;
    /// Their codes.
    fn problems() -> Vec<Code>;
    /// Which roles let the caller in, as [`Access::ROLES`] says it.
    fn roles() -> Option<&'static [&'static str]>;
    /// Whether a key is required.
    fn keyed() -> bool;
}

impl<A: Access, I: Input, K: Keying<A>> Promises for (Call<A, I, K>,) {
    async fn of(request: HttpRequest, payload: &mut Payload, class: RouteClass) -> Result<Self, Problem> {
        Ok((take_apart(request, payload, class).await?,))
    }

    fn problems() -> Vec<Code> {
        let own = [Code::RateLimited, Code::Internal, Code::Unavailable];
        [A::PROBLEMS, I::PROBLEMS, K::PROBLEMS, &own].concat()
    }

    fn roles() -> Option<&'static [&'static str]> {
        A::ROLES
    }

    fn keyed() -> bool {
        !<K as Keying<A>>::PROBLEMS.is_empty()
    }
}
