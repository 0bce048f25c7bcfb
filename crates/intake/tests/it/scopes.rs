//! Whose imports they are.

use marque_api::intake::v1::{GetImportRequest, ListImportRowsRequest, ListImportsRequest};
use marque_auth::{Role, Scope};
use marque_errors::Problem;
use marque_testkit::{ImportFile, Rig, TestDb, store_test_suite};
use tonic::Code;

use crate::common::clean_file;

store_test_suite!(
    an_unknown_dealer_is_refused,
    another_dealers_import_is_not_there,
    a_wrong_start_is_refused
);

fn dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

async fn an_unknown_dealer_is_refused(db: TestDb) {
    let rig = Rig::new(db).await;
    for (scope, code) in [
        (Scope::Headquarters, "D9"),
        (dealer("D1"), "D2"),
        (Scope::Headquarters, "no dealer"),
    ] {
        let role = if scope == Scope::Headquarters {
            Role::HqAdmin
        } else {
            Role::Dms
        };
        let status = rig
            .send_as(role, scope, ImportFile::of_customers(code, clean_file(1)))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(Problem::from(status).reason, "DEALER_UNKNOWN");
    }
    assert_eq!(rig.spooled_files(), 0);
}

async fn another_dealers_import_is_not_there(db: TestDb) {
    let rig = Rig::new(db).await;
    let queued = rig
        .send_as(
            Role::Dms,
            dealer("D1"),
            ImportFile::of_customers("D1", clean_file(3)),
        )
        .await
        .unwrap();
    rig.wait_for_import(&queued.id).await;
    for (scope, sees) in [(dealer("D1"), true), (dealer("D2"), false)] {
        let get = rig.ask(
            Role::Dms,
            scope.clone(),
            GetImportRequest {
                id: queued.id.clone(),
            },
        );
        let rows = ListImportRowsRequest {
            import_id: queued.id.clone(),
            ..Default::default()
        };
        let rows = rig
            .imports()
            .list_import_rows(rig.ask(Role::Dms, scope.clone(), rows))
            .await
            .map(drop);
        for answer in [rig.imports().get_import(get).await.map(drop), rows] {
            assert_eq!(
                answer.map_err(|status| status.code()),
                if sees { Ok(()) } else { Err(Code::NotFound) }
            );
        }
        let list = rig.ask(Role::Dms, scope, ListImportsRequest::default());
        let list = rig
            .imports()
            .list_imports(list)
            .await
            .unwrap()
            .into_inner()
            .imports;
        assert_eq!(list.len(), usize::from(sees));
    }
}

async fn a_wrong_start_is_refused(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut file = ImportFile::of_customers("D1", clean_file(1)).in_format("docx");
    file.start.kind = "people".to_owned();
    file.start.source = "two\nlines".to_owned();
    let problem = Problem::from(
        rig.send_as(Role::HqAdmin, Scope::Headquarters, file)
            .await
            .unwrap_err(),
    );
    let fields: Vec<&str> = problem
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(
        (problem.status, fields),
        (400, vec!["kind", "format", "source"])
    );
}
