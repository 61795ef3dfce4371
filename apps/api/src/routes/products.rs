//! The catalogue.

use actix_web::HttpResponse;
use actix_web::http::header;
use jangteo_application::EditProduct;
use jangteo_product::{
    NameKey, Product, ProductFilter, ProductList, ProductQueries, ProductSort, ProductStatus,
};
use jangteo_shared_kernel::kind;

use super::table::Table;
use crate::body::PageBody;
use crate::body::product::{CreateProduct, EditProductBody, ProductBody, ProductStatusBody};
use crate::call::{Administrator, Anyone, Call, Json, Paging, Parameters, Query, QueryString};
use crate::kept::{AnswerName, Finished};
use crate::problem::{Code, Problem};
use crate::rate_limits::RouteClass;
use crate::refusals::cannot_edit;
use crate::reply::{self, Tag};

pub(super) fn enter(table: &mut Table) {
    table.add(__path_create_product, create_product, RouteClass::Writes, &[]);
    table.add(__path_list_products, list_products, RouteClass::Reads, &[Code::InvalidCursor]);
    table.add(__path_show_product, show_product, RouteClass::Reads, &[Code::NotFound]);
    table.add(
        __path_edit_product,
        edit_product,
        RouteClass::Writes,
        &[Code::NotFound, Code::PreconditionFailed],
    );
}

/// Create a product
#[utoipa::path(
    post,
    path = "/api/v1/products",
    tag = "products",
    request_body = CreateProduct,
    responses((
        status = 201,
        description = "The new product",
        body = ProductBody,
        headers(("Location" = String, description = "Where the product is"), ("ETag" = String)),
    )),
)]
async fn create_product(call: Call<Administrator, Json<CreateProduct>>) -> Result<HttpResponse, Problem> {
    let Call { shop, who, input, .. } = call;
    let product = shop.submit(&shop.administration.by(&who).create_product, input).await?;
    let path = format!("/api/v1/products/{}", product.id);
    Ok(reply::created(&path, &tag(&product), &ProductBody::from(&product)))
}

/// Which products to list.
struct Wanted {
    name: Option<String>,
    status: Option<ProductStatus>,
    sort: Option<ProductSort>,
    paging: Paging,
}

impl QueryString for Wanted {
    fn read(parameters: &mut Parameters) -> Self {
        let name = parameters.take("q", |text| {
            let holds = text.chars().count() <= 200 && !text.chars().any(char::is_control);
            if holds {
                Ok(text.to_owned())
            } else {
                Err("must be at most 200 characters, none of them a control character".to_owned())
            }
        });
        let statuses = [
            ("ON_SALE", ProductStatus::OnSale),
            ("SUSPENDED", ProductStatus::Suspended),
            ("DISCONTINUED", ProductStatus::Discontinued),
        ];
        let sorts = [
            ("newest", ProductSort::Newest),
            ("price-asc", ProductSort::PriceAscending),
            ("price-desc", ProductSort::PriceDescending),
            ("name", ProductSort::Name),
        ];
        Self {
            name,
            status: parameters.take_word("status", &statuses),
            sort: parameters.take_word("sort", &sorts),
            paging: parameters.take_paging(),
        }
    }
}

/// List products
#[utoipa::path(
    get,
    path = "/api/v1/products",
    tag = "products",
    params(
        ("q" = Option<String>, Query, description = "The beginning of the name, in any case", max_length = 200),
        ("status" = Option<ProductStatusBody>, Query, description = "ON_SALE unless told"),
        ("sort" = Option<String>, Query, description = "newest (unless told), price-asc, price-desc or name", pattern = "^(newest|price-asc|price-desc|name)$"),
        ("limit" = Option<u16>, Query, description = "How many items, 20 unless told", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
    ),
    responses((status = 200, description = "A page of products", body = PageBody<ProductBody>)),
)]
async fn list_products(call: Call<Anyone, Query<Wanted>>) -> Result<HttpResponse, Problem> {
    let Call { shop, input: Wanted { name, status, sort, paging }, request, .. } = call;
    let sort = sort.unwrap_or_default();
    let prefix = name.as_deref().map(NameKey::of).filter(|key| !key.as_str().is_empty());
    let filter = ProductFilter { name_prefix: prefix, status: status.unwrap_or(ProductStatus::OnSale) };
    let scope = format!("products {sort:?} {filter:?}");
    let page = reply::open_cursor(&shop, &scope, &paging)?;
    // Searches and later pages are too many to be kept, and each is asked for by few.
    let first = filter.name_prefix.is_none() && page.after.is_none();
    let name = AnswerName::Products { status: filter.status, sort, limit: page.limit.get() };
    let make = || async {
        let page = shop.storage.list_products(&ProductList { filter, sort, page }).await?;
        let body = reply::page_body(&shop, &scope, &page, |product| ProductBody::from(product))?;
        Ok(Finished::untagged(body))
    };
    let shown = if first { shop.kept.get(name, make).await? } else { make().await? };
    Ok(reply::finished(&request, &shown))
}

/// Show a product
#[utoipa::path(
    get,
    path = "/api/v1/products/{id}",
    tag = "products",
    params(
        ("id" = Uuid, Path),
        ("If-None-Match" = Option<String>, Header, description = "Tags of states that the client has"),
    ),
    responses(
        (status = 200, description = "The product", body = ProductBody,
         headers(("ETag" = String, description = "\"<catalogue version>.<stock version>\""))),
        (status = 304, description = "The client has this state", headers(("ETag" = String))),
    ),
)]
async fn show_product(call: Call<Anyone>) -> Result<HttpResponse, Problem> {
    let id = call.path_id::<kind::Product>("id")?;
    let shop = &call.shop;
    let make = || async {
        let product = shop.storage.find_product(id).await?.ok_or_else(Problem::not_found)?;
        Finished::tagged(&tag(&product), &ProductBody::from(&product))
    };
    let shown = shop.kept.get(AnswerName::Product(id), make).await?;
    let mut answer = reply::finished(&call.request, &shown);
    // Nothing personal: anyone may keep it, and asks whether it is still so.
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    Ok(answer)
}

/// Edit a product
///
/// With `If-Match`, only if nobody has edited it since. The stock does not count: sales lock no editor out.
#[utoipa::path(
    patch,
    path = "/api/v1/products/{id}",
    tag = "products",
    params(
        ("id" = Uuid, Path),
        ("If-Match" = Option<String>, Header, description = "Tags of states that the editor has seen; the part before the dot counts"),
    ),
    request_body = EditProductBody,
    responses((status = 200, description = "The product as it is now", body = ProductBody, headers(("ETag" = String)))),
)]
async fn edit_product(call: Call<Administrator, Json<EditProductBody>>) -> Result<HttpResponse, Problem> {
    let product = call.path_id("id")?;
    let expected = reply::matching_versions(&call.request);
    let command = EditProduct { product, edit: call.input, expected };
    let edited = call.shop.submit(&call.shop.administration.by(&call.who).edit_product, command).await?;
    let product = edited.map_err(cannot_edit)?;
    Ok(reply::changed(&tag(&product), &ProductBody::from(&product)))
}

fn tag(product: &Product) -> Tag {
    Tag::of(format_args!("{}.{}", product.catalogue_version, product.stock_version))
}
