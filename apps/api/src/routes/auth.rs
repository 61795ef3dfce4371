//! Log-ins.

use actix_web::HttpResponse;
use jangteo_application::{InvalidCredentials, SessionError, ThrottledError};

use super::table::Table;
use crate::body::session::{LogIn, ShownToken, TokensBody};
use crate::call::{Anyone, Call, Json};
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::{cannot_log_in, cannot_refresh};
use crate::reply;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_log_in, log_in, RouteClass::Credentials, &[Code::InvalidCredentials]);
    table.add(__path_refresh, refresh, RouteClass::Writes, &[Code::Unauthenticated]);
    table.add(__path_log_out, log_out, RouteClass::Writes, &[]);
}

/// Log in
///
/// A wrong password and an unknown address answer alike. Failures are throttled per account and per client; a pause ends by
/// itself.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "sessions",
    request_body = LogIn,
    responses((status = 200, description = "The tokens of a new log-in", body = TokensBody)),
)]
async fn log_in(call: Call<Anyone, Json<LogIn>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: (email, password), request, .. } = call;
    let log_in = async || match password {
        Some(password) => shop.sessions.log_in(&shop.storage, email.as_ref(), password).await,
        None => Err(SessionError::Refused(InvalidCredentials)),
    };
    let outcome = match &shop.throttle {
        Some(throttle) => throttle.log_in(&request, email.as_ref(), log_in).await,
        None => log_in().await.map_err(ThrottledError::Session),
    };
    shop.door_watch.log_in(&request, email.as_ref(), &outcome);
    Ok(reply::ok(&TokensBody::from(outcome.map_err(cannot_log_in)?)))
}

/// Continue a log-in
///
/// Exchanges the latest refresh token for new tokens. One that was used before was copied by somebody: the log-in
/// ends.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "sessions",
    request_body = ShownToken,
    responses((status = 200, description = "The next tokens", body = TokensBody)),
)]
async fn refresh(call: Call<Anyone, Json<ShownToken>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: shown, request, .. } = call;
    let shown = shown.ok_or_else(|| Problem::plain(Code::Unauthenticated))?;
    let tokens = shop.sessions.refresh(&shop.storage, &shown).await;
    shop.door_watch.refresh(&request, &tokens);
    Ok(reply::ok(&TokensBody::from(tokens.map_err(cannot_refresh)?)))
}

/// Log out
///
/// Ends the log-in that the refresh token belongs to, its access tokens included. A token that is nobody's ends
/// nothing.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "sessions",
    request_body = ShownToken,
    responses((status = 204, description = "The log-in has ended")),
)]
async fn log_out(call: Call<Anyone, Json<ShownToken>>) -> Result<HttpResponse, Problem> {
    if let Some(shown) = &call.input {
        call.shop.sessions.log_out(&call.shop.storage, shown).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
