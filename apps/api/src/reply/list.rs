//! Pages of lists.

use actix_web::HttpResponse;
use actix_web::web::Bytes;
use jangteo_security::CursorSeal;
use jangteo_shared_kernel::{Page, PageRequest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ok;
use crate::body::PageBody;
use crate::body::values::bytes;
use crate::call::Paging;
use crate::problem::{Code, Problem};
use crate::shop::Shop;

/// Which page is wanted. `scope` names the list with its filters and its order: a cursor of another is refused.
pub(crate) fn open_cursor<P: DeserializeOwned>(
    shop: &Shop,
    scope: &str,
    paging: &Paging,
) -> Result<PageRequest<P>, Problem> {
    let refused = || Problem::plain(Code::InvalidCursor);
    let position = |text: &String| {
        let payload = shop.cursors.open(scope, text).ok_or_else(refused)?;
        serde_json::from_slice(&payload).map_err(|_| refused())
    };
    Ok(PageRequest { limit: paging.limit, after: paging.cursor.as_ref().map(position).transpose()? })
}

/// The page, with a cursor for the next.
pub(crate) fn answer_page<T, P: Serialize, B: Serialize>(
    shop: &Shop,
    scope: &str,
    page: &Page<T, P>,
    render: impl Fn(&T) -> B,
) -> Result<HttpResponse, Problem> {
    answer_shown(shop, scope, page.items.iter().map(render).collect(), page.next.as_ref())
}

/// The bytes of a page, with a cursor for the next.
pub(crate) fn page_body<T, P: Serialize, B: Serialize>(
    shop: &Shop,
    scope: &str,
    page: &Page<T, P>,
    render: impl Fn(&T) -> B,
) -> Result<Bytes, Problem> {
    let body = shown(shop, scope, page.items.iter().map(render).collect(), page.next.as_ref())?;
    Ok(Bytes::from(bytes(&body)))
}

/// A page whose items are bodies already.
pub(crate) fn answer_shown<P: Serialize, B: Serialize>(
    shop: &Shop,
    scope: &str,
    items: Vec<B>,
    next: Option<&P>,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&shown(shop, scope, items, next)?))
}

fn shown<P: Serialize, B: Serialize>(
    shop: &Shop,
    scope: &str,
    items: Vec<B>,
    next: Option<&P>,
) -> Result<PageBody<B>, Problem> {
    let seal = |position: &P| -> Result<String, Problem> {
        let payload = serde_json::to_vec(position).map_err(|error| Problem::internal(&error.into()))?;
        if payload.len() > CursorSeal::MAX_PAYLOAD {
            return Err(Problem::internal(&"a position is too long for a cursor".into()));
        }
        Ok(shop.cursors.seal(scope, &payload))
    };
    Ok(PageBody { items, next_cursor: next.map(seal).transpose()? })
}
