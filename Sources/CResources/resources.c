#include "CResources.h"

static const unsigned char page_address_js[] = {
#embed "../Page/address.js"
};
static const unsigned char page_charts_js[] = {
#embed "../Page/charts.js"
};
static const unsigned char page_dialog_js[] = {
#embed "../Page/dialog.js"
};
static const unsigned char page_dom_js[] = {
#embed "../Page/dom.js"
};
static const unsigned char page_files_js[] = {
#embed "../Page/files.js"
};
static const unsigned char page_form_js[] = {
#embed "../Page/form.js"
};
static const unsigned char page_icon_svg[] = {
#embed "../Page/icon.svg"
};
static const unsigned char page_index_html[] = {
#embed "../Page/index.html"
};
static const unsigned char page_main_js[] = {
#embed "../Page/main.js"
};
static const unsigned char page_receipt_js[] = {
#embed "../Page/receipt.js"
};
static const unsigned char page_rows_js[] = {
#embed "../Page/rows.js"
};
static const unsigned char page_server_js[] = {
#embed "../Page/server.js"
};
static const unsigned char page_style_css[] = {
#embed "../Page/style.css"
};
static const unsigned char page_values_js[] = {
#embed "../Page/values.js"
};
static const unsigned char page_views_audit_js[] = {
#embed "../Page/views/audit.js"
};
static const unsigned char page_views_card_js[] = {
#embed "../Page/views/card.js"
};
static const unsigned char page_views_classify_js[] = {
#embed "../Page/views/classify.js"
};
static const unsigned char page_views_cluster_js[] = {
#embed "../Page/views/cluster.js"
};
static const unsigned char page_views_contract_document_js[] = {
#embed "../Page/views/contract-document.js"
};
static const unsigned char page_views_contract_operation_js[] = {
#embed "../Page/views/contract-operation.js"
};
static const unsigned char page_views_contract_schema_js[] = {
#embed "../Page/views/contract-schema.js"
};
static const unsigned char page_views_contract_js[] = {
#embed "../Page/views/contract.js"
};
static const unsigned char page_views_fill_table_js[] = {
#embed "../Page/views/fill-table.js"
};
static const unsigned char page_views_gallery_thumbnail_js[] = {
#embed "../Page/views/gallery-thumbnail.js"
};
static const unsigned char page_views_gallery_js[] = {
#embed "../Page/views/gallery.js"
};
static const unsigned char page_views_inpaint_js[] = {
#embed "../Page/views/inpaint.js"
};
static const unsigned char page_views_items_js[] = {
#embed "../Page/views/items.js"
};
static const unsigned char page_views_keys_changes_js[] = {
#embed "../Page/views/keys-changes.js"
};
static const unsigned char page_views_keys_js[] = {
#embed "../Page/views/keys.js"
};
static const unsigned char page_views_latent_js[] = {
#embed "../Page/views/latent.js"
};
static const unsigned char page_views_model_js[] = {
#embed "../Page/views/model.js"
};
static const unsigned char page_views_operation_js[] = {
#embed "../Page/views/operation.js"
};
static const unsigned char page_views_registry_aliases_js[] = {
#embed "../Page/views/registry-aliases.js"
};
static const unsigned char page_views_registry_annotation_js[] = {
#embed "../Page/views/registry-annotation.js"
};
static const unsigned char page_views_registry_model_js[] = {
#embed "../Page/views/registry-model.js"
};
static const unsigned char page_views_registry_upload_js[] = {
#embed "../Page/views/registry-upload.js"
};
static const unsigned char page_views_registry_js[] = {
#embed "../Page/views/registry.js"
};
static const unsigned char page_views_run_audit_js[] = {
#embed "../Page/views/run-audit.js"
};
static const unsigned char page_views_run_documents_js[] = {
#embed "../Page/views/run-documents.js"
};
static const unsigned char page_views_run_quality_js[] = {
#embed "../Page/views/run-quality.js"
};
static const unsigned char page_views_run_series_js[] = {
#embed "../Page/views/run-series.js"
};
static const unsigned char page_views_run_words_js[] = {
#embed "../Page/views/run-words.js"
};
static const unsigned char page_views_run_js[] = {
#embed "../Page/views/run.js"
};
static const unsigned char page_views_runs_columns_js[] = {
#embed "../Page/views/runs-columns.js"
};
static const unsigned char page_views_runs_compare_js[] = {
#embed "../Page/views/runs-compare.js"
};
static const unsigned char page_views_runs_filter_js[] = {
#embed "../Page/views/runs-filter.js"
};
static const unsigned char page_views_runs_loading_js[] = {
#embed "../Page/views/runs-loading.js"
};
static const unsigned char page_views_runs_js[] = {
#embed "../Page/views/runs.js"
};
static const unsigned char page_views_sample_js[] = {
#embed "../Page/views/sample.js"
};
static const unsigned char page_views_score_js[] = {
#embed "../Page/views/score.js"
};
static const unsigned char page_views_train_data_js[] = {
#embed "../Page/views/train-data.js"
};
static const unsigned char page_views_train_recipe_js[] = {
#embed "../Page/views/train-recipe.js"
};
static const unsigned char page_views_train_task_js[] = {
#embed "../Page/views/train-task.js"
};
static const unsigned char page_views_train_js[] = {
#embed "../Page/views/train.js"
};
static const unsigned char page_yaml_scalars_js[] = {
#embed "../Page/yaml-scalars.js"
};
static const unsigned char page_yaml_js[] = {
#embed "../Page/yaml.js"
};
static const unsigned char migration_0001[] = {
#embed "../../migrations/0001-initial.sql"
};
static const unsigned char migration_0002[] = {
#embed "../../migrations/0002-keys-and-annotations.sql"
};
static const unsigned char migration_0003[] = {
#embed "../../migrations/0003-recorded-inference.sql"
};
static const unsigned char migration_0004[] = {
#embed "../../migrations/0004-run-documents.sql"
};
static const unsigned char migration_0005[] = {
#embed "../../migrations/0005-resumed-runs.sql"
};
static const unsigned char migration_0006[] = {
#embed "../../migrations/0006-deleted-and-renamed-models.sql"
};
static const unsigned char migration_0007[] = {
#embed "../../migrations/0007-datasets-and-jobs.sql"
};
static const unsigned char migration_0008[] = {
#embed "../../migrations/0008-runs-of-a-model-file.sql"
};
static const unsigned char openapi[] = {
#embed "../../openapi.yaml"
};

static const embedded_resource embedded_resources[] = {
    {"Sources/Page/address.js", page_address_js, sizeof page_address_js},
    {"Sources/Page/charts.js", page_charts_js, sizeof page_charts_js},
    {"Sources/Page/dialog.js", page_dialog_js, sizeof page_dialog_js},
    {"Sources/Page/dom.js", page_dom_js, sizeof page_dom_js},
    {"Sources/Page/files.js", page_files_js, sizeof page_files_js},
    {"Sources/Page/form.js", page_form_js, sizeof page_form_js},
    {"Sources/Page/icon.svg", page_icon_svg, sizeof page_icon_svg},
    {"Sources/Page/index.html", page_index_html, sizeof page_index_html},
    {"Sources/Page/main.js", page_main_js, sizeof page_main_js},
    {"Sources/Page/receipt.js", page_receipt_js, sizeof page_receipt_js},
    {"Sources/Page/rows.js", page_rows_js, sizeof page_rows_js},
    {"Sources/Page/server.js", page_server_js, sizeof page_server_js},
    {"Sources/Page/style.css", page_style_css, sizeof page_style_css},
    {"Sources/Page/values.js", page_values_js, sizeof page_values_js},
    {"Sources/Page/views/audit.js", page_views_audit_js, sizeof page_views_audit_js},
    {"Sources/Page/views/card.js", page_views_card_js, sizeof page_views_card_js},
    {"Sources/Page/views/classify.js", page_views_classify_js, sizeof page_views_classify_js},
    {"Sources/Page/views/cluster.js", page_views_cluster_js, sizeof page_views_cluster_js},
    {"Sources/Page/views/contract-document.js", page_views_contract_document_js, sizeof page_views_contract_document_js},
    {"Sources/Page/views/contract-operation.js", page_views_contract_operation_js, sizeof page_views_contract_operation_js},
    {"Sources/Page/views/contract-schema.js", page_views_contract_schema_js, sizeof page_views_contract_schema_js},
    {"Sources/Page/views/contract.js", page_views_contract_js, sizeof page_views_contract_js},
    {"Sources/Page/views/fill-table.js", page_views_fill_table_js, sizeof page_views_fill_table_js},
    {"Sources/Page/views/gallery-thumbnail.js", page_views_gallery_thumbnail_js, sizeof page_views_gallery_thumbnail_js},
    {"Sources/Page/views/gallery.js", page_views_gallery_js, sizeof page_views_gallery_js},
    {"Sources/Page/views/inpaint.js", page_views_inpaint_js, sizeof page_views_inpaint_js},
    {"Sources/Page/views/items.js", page_views_items_js, sizeof page_views_items_js},
    {"Sources/Page/views/keys-changes.js", page_views_keys_changes_js, sizeof page_views_keys_changes_js},
    {"Sources/Page/views/keys.js", page_views_keys_js, sizeof page_views_keys_js},
    {"Sources/Page/views/latent.js", page_views_latent_js, sizeof page_views_latent_js},
    {"Sources/Page/views/model.js", page_views_model_js, sizeof page_views_model_js},
    {"Sources/Page/views/operation.js", page_views_operation_js, sizeof page_views_operation_js},
    {"Sources/Page/views/registry-aliases.js", page_views_registry_aliases_js, sizeof page_views_registry_aliases_js},
    {"Sources/Page/views/registry-annotation.js", page_views_registry_annotation_js, sizeof page_views_registry_annotation_js},
    {"Sources/Page/views/registry-model.js", page_views_registry_model_js, sizeof page_views_registry_model_js},
    {"Sources/Page/views/registry-upload.js", page_views_registry_upload_js, sizeof page_views_registry_upload_js},
    {"Sources/Page/views/registry.js", page_views_registry_js, sizeof page_views_registry_js},
    {"Sources/Page/views/run-audit.js", page_views_run_audit_js, sizeof page_views_run_audit_js},
    {"Sources/Page/views/run-documents.js", page_views_run_documents_js, sizeof page_views_run_documents_js},
    {"Sources/Page/views/run-quality.js", page_views_run_quality_js, sizeof page_views_run_quality_js},
    {"Sources/Page/views/run-series.js", page_views_run_series_js, sizeof page_views_run_series_js},
    {"Sources/Page/views/run-words.js", page_views_run_words_js, sizeof page_views_run_words_js},
    {"Sources/Page/views/run.js", page_views_run_js, sizeof page_views_run_js},
    {"Sources/Page/views/runs-columns.js", page_views_runs_columns_js, sizeof page_views_runs_columns_js},
    {"Sources/Page/views/runs-compare.js", page_views_runs_compare_js, sizeof page_views_runs_compare_js},
    {"Sources/Page/views/runs-filter.js", page_views_runs_filter_js, sizeof page_views_runs_filter_js},
    {"Sources/Page/views/runs-loading.js", page_views_runs_loading_js, sizeof page_views_runs_loading_js},
    {"Sources/Page/views/runs.js", page_views_runs_js, sizeof page_views_runs_js},
    {"Sources/Page/views/sample.js", page_views_sample_js, sizeof page_views_sample_js},
    {"Sources/Page/views/score.js", page_views_score_js, sizeof page_views_score_js},
    {"Sources/Page/views/train-data.js", page_views_train_data_js, sizeof page_views_train_data_js},
    {"Sources/Page/views/train-recipe.js", page_views_train_recipe_js, sizeof page_views_train_recipe_js},
    {"Sources/Page/views/train-task.js", page_views_train_task_js, sizeof page_views_train_task_js},
    {"Sources/Page/views/train.js", page_views_train_js, sizeof page_views_train_js},
    {"Sources/Page/yaml-scalars.js", page_yaml_scalars_js, sizeof page_yaml_scalars_js},
    {"Sources/Page/yaml.js", page_yaml_js, sizeof page_yaml_js},
    {"migrations/0001-initial.sql", migration_0001, sizeof migration_0001},
    {"migrations/0002-keys-and-annotations.sql", migration_0002, sizeof migration_0002},
    {"migrations/0003-recorded-inference.sql", migration_0003, sizeof migration_0003},
    {"migrations/0004-run-documents.sql", migration_0004, sizeof migration_0004},
    {"migrations/0005-resumed-runs.sql", migration_0005, sizeof migration_0005},
    {"migrations/0006-deleted-and-renamed-models.sql", migration_0006, sizeof migration_0006},
    {"migrations/0007-datasets-and-jobs.sql", migration_0007, sizeof migration_0007},
    {"migrations/0008-runs-of-a-model-file.sql", migration_0008, sizeof migration_0008},
    {"openapi.yaml", openapi, sizeof openapi},
};
const size_t embedded_resources_count = sizeof embedded_resources / sizeof embedded_resources[0];

embedded_resource embedded_resource_at(size_t index) { return embedded_resources[index]; }
