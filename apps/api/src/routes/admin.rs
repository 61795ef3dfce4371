//! What only administrators see.

use actix_web::HttpResponse;
use jangteo_order::{OrderFilter, OrderStatus};
use jangteo_shared_kernel::UserId;
use jangteo_user::{Email, Role, UserFilter, UserQueries};

use super::orders::{answer_orders, take_status};
use super::table::Table;
use crate::body::PageBody;
use crate::body::order::{OrderBody, OrderStatusBody};
use crate::body::user::{RoleBody, UserBody};
use crate::call::{Administrator, Call, Paging, Parameters, Query, QueryString};
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::reply;

pub(super) fn enter(table: &mut Table) {
    table.add(__path_list_all_orders, list_all_orders, RouteClass::Reads, &[Code::InvalidCursor]);
    table.add(__path_list_users, list_users, RouteClass::Reads, &[Code::InvalidCursor]);
}

/// Which orders to list.
struct WantedOrders {
    user: Option<UserId>,
    status: Option<OrderStatus>,
    paging: Paging,
}

impl QueryString for WantedOrders {
    fn read(parameters: &mut Parameters) -> Self {
        let uuid = |text: &str| text.parse().map_err(|_| "must be a UUID".to_owned());
        Self {
            user: parameters.take("userId", uuid),
            status: take_status(parameters),
            paging: parameters.take_paging(),
        }
    }
}

/// List everybody's orders
#[utoipa::path(
    get,
    path = "/api/v1/admin/orders",
    tag = "administration",
    params(
        ("status" = Option<OrderStatusBody>, Query, description = "Only this status"),
        ("userId" = Option<Uuid>, Query, description = "Only this user's"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of orders, newest first", body = PageBody<OrderBody>)),
)]
async fn list_all_orders(call: Call<Administrator, Query<WantedOrders>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: WantedOrders { user, status, paging }, .. } = call;
    answer_orders(&shop, "admin/orders", OrderFilter { user, status }, paging).await
}

/// Which accounts to list.
struct WantedUsers {
    role: Option<Role>,
    email: Option<Email>,
    paging: Paging,
}

impl QueryString for WantedUsers {
    fn read(parameters: &mut Parameters) -> Self {
        let address = |text: &str| text.parse::<Email>().map_err(|error| error.to_string());
        Self {
            role: parameters.take_word("role", &[("CUSTOMER", Role::Customer), ("ADMIN", Role::Admin)]),
            email: parameters.take("email", address),
            paging: parameters.take_paging(),
        }
    }
}

/// List accounts
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    tag = "administration",
    params(
        ("role" = Option<RoleBody>, Query, description = "Only this role"),
        ("email" = Option<String>, Query, description = "Only the account with this address"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of accounts, newest first", body = PageBody<UserBody>)),
)]
async fn list_users(call: Call<Administrator, Query<WantedUsers>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: WantedUsers { role, email, paging }, .. } = call;
    // An address prints nothing with `Debug`, so it is named by itself. The scope is hashed and leaves nowhere.
    let scope = format!("admin/users {role:?} {:?}", email.as_ref().map(Email::as_str));
    let page = reply::open_cursor(&shop, &scope, &paging)?;
    let page = shop.storage.list_users(&UserFilter { role, email }, &page).await?;
    // Living accounts have a profile; one that was deleted just now is left out.
    let (users, next) = (page.items, page.next);
    let items: Vec<UserBody> = users.iter().filter_map(UserBody::of).collect();
    reply::answer_shown(&shop, &scope, items, next.as_ref())
}
