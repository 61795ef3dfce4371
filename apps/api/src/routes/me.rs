//! Accounts, each in the hands of whoever it belongs to.

use actix_web::HttpResponse;
use jangteo_application::{
    AccountNotFound, EditProfile, EmailTaken, InvalidCredentials, RegisterUser, SessionError, ThrottledError,
};
use jangteo_user::{PasswordHasher, Role, User, UserQueries};

use super::table::Table;
use crate::body::user::{EditMe, NewPassword, SignUp, UserBody};
use crate::call::{Anyone, Call, Json, Person, SignedIn};
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::{cannot_change_password, no_credential};
use crate::reply::{self, Tag};
use crate::security_events;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_sign_up, sign_up, RouteClass::Credentials, &[Code::EmailTaken]);
    table.add(__path_show_me, show_me, RouteClass::Reads, &[]);
    table.add(__path_edit_me, edit_me, RouteClass::Writes, &[]);
    table.add(__path_delete_me, delete_me, RouteClass::Writes, &[]);
    table.add(
        __path_change_my_password,
        change_my_password,
        RouteClass::Credentials,
        &[Code::InvalidCredentials],
    );
}

/// Sign up
///
/// Makes a customer's account, with a point account of its own.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "users",
    request_body = SignUp,
    responses((
        status = 201,
        description = "The new account",
        body = UserBody,
        headers(("Location" = String, description = "Where the account is"), ("ETag" = String)),
    )),
)]
async fn sign_up(call: Call<Anyone, Json<SignUp>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: (profile, password), .. } = call;
    // Slow on purpose, and outside any transaction.
    let hashed = shop.passwords.hash_password(password).await;
    let password_hash = hashed.map_err(|cause| no_credential(&cause))?;
    let command = RegisterUser { profile, role: Role::Customer, password_hash };
    let registered = shop.submit(&shop.use_cases.register, command).await?;
    let user = registered.map_err(|EmailTaken| Problem::plain(Code::EmailTaken))?;
    let body = UserBody::of(&user).ok_or_else(gone)?;
    Ok(reply::created("/api/v1/users/me", &Tag::of(user.version), &body))
}

/// Show my account
#[utoipa::path(
    get,
    path = "/api/v1/users/me",
    tag = "users",
    params(("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has")),
    responses(
        (status = 200, description = "The account", body = UserBody, headers(("ETag" = String))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_me(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let user = call.shop.storage.find_user(call.who.user()).await?.ok_or_else(gone)?;
    let body = UserBody::of(&user).ok_or_else(gone)?;
    Ok(reply::resource(&call.request, &tag(&user), &body))
}

/// Edit my account
#[utoipa::path(
    patch,
    path = "/api/v1/users/me",
    tag = "users",
    request_body = EditMe,
    responses((status = 200, description = "The account as it is now", body = UserBody, headers(("ETag" = String)))),
)]
async fn edit_me(call: Call<SignedIn, Json<EditMe>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: edit, .. } = call;
    let edited = shop.submit(&shop.use_cases.edit_profile, EditProfile { user: who.user(), edit }).await?;
    let user = edited.map_err(|AccountNotFound| gone())?;
    let body = UserBody::of(&user).ok_or_else(gone)?;
    Ok(reply::changed(&tag(&user), &body))
}

/// Delete my account
///
/// Cancels the unpaid orders, writes the points off, ends every log-in and destroys the personal data. Paid orders
/// keep their amounts.
#[utoipa::path(
    delete,
    path = "/api/v1/users/me",
    tag = "users",
    responses((status = 204, description = "The account is gone")),
)]
async fn delete_me(call: Call<SignedIn>) -> Result<HttpResponse, Problem> {
    let deleted = call.shop.submit(&call.shop.use_cases.delete_account, call.who.user()).await?;
    deleted.map_err(|AccountNotFound| gone())?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change my password
///
/// Ends every other log-in of the account; this one goes on. Failures are throttled as those of log-ins are.
#[utoipa::path(
    post,
    path = "/api/v1/users/me/password",
    tag = "users",
    request_body = NewPassword,
    responses((status = 204, description = "The password is changed")),
)]
async fn change_my_password(call: Call<SignedIn, Json<NewPassword>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input: (claimed, new), request, .. } = call;
    let change = async || match claimed {
        Some(claimed) => {
            let whose = (who.user(), who.family());
            shop.sessions.change_password(&shop.storage, whose, claimed, new).await
        }
        None => Err(SessionError::Refused(InvalidCredentials)),
    };
    let outcome = match &shop.throttle {
        Some(throttle) => throttle.change_password(&request, who.user(), change).await,
        None => change().await.map_err(ThrottledError::Session),
    };
    security_events::password_change(who.user(), &outcome);
    outcome.map_err(cannot_change_password)?;
    Ok(HttpResponse::NoContent().finish())
}

fn tag(user: &User) -> Tag {
    Tag::of(user.version)
}

/// The account was deleted while the request was under way: its tokens no longer prove anything.
fn gone() -> Problem {
    Problem::plain(Code::Unauthenticated)
}
