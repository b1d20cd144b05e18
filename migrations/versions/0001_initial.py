"""All tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('action', sa.String(length=48), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=True),
    sa.Column('actor_name', sa.String(length=50), nullable=False),
    sa.Column('actor_role', sa.Enum('enterprise', 'institution', 'regulator', 'auditor', 'admin', 'system', name='role', native_enum=False, length=32), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=True),
    sa.Column('subject_type', sa.String(length=48), nullable=False),
    sa.Column('subject_id', sa.String(length=64), nullable=False),
    sa.Column('subject_label', sa.String(length=200), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=True),
    sa.Column('before', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('after', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('seal', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    op.create_index(op.f('ix_audit_event_action'), 'audit_event', ['action'], unique=False)
    op.create_index(op.f('ix_audit_event_at'), 'audit_event', ['at'], unique=False)
    op.create_index(op.f('ix_audit_event_enterprise_id'), 'audit_event', ['enterprise_id'], unique=False)
    op.create_index('ix_audit_event_subject', 'audit_event', ['subject_type', 'subject_id', 'id'], unique=False)
    op.create_table('catalogue_item',
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('external_code', sa.String(length=16), nullable=True),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_catalogue_item'))
    )
    op.create_table('division',
    sa.Column('code', sa.String(length=6), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('level', sa.Enum('county', 'city', 'province', 'national', name='level', native_enum=False, length=32), nullable=False),
    sa.Column('parent_code', sa.String(length=6), nullable=True),
    sa.Column('path', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('is_retired', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['parent_code'], ['division.code'], name=op.f('fk_division_parent_code_division')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_division'))
    )
    op.create_index(op.f('ix_division_parent_code'), 'division', ['parent_code'], unique=False)
    op.create_index('ix_division_path', 'division', ['path'], unique=False, postgresql_ops={'path': 'text_pattern_ops'})
    op.create_table('form_key',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('location', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_form_key'))
    )
    op.create_index(op.f('ix_form_key_created_at'), 'form_key', ['created_at'], unique=False)
    op.create_table('job_heartbeat',
    sa.Column('job', sa.String(length=48), nullable=False),
    sa.Column('ticked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('job', name=op.f('pk_job_heartbeat'))
    )
    op.create_table('job_run',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('job', sa.String(length=48), nullable=False),
    sa.Column('scheduled_for', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Enum('running', 'done', 'failed', name='runoutcome', native_enum=False, length=32), nullable=False),
    sa.Column('counts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('problem', sa.String(length=500), nullable=False),
    sa.Column('started_by', sa.String(length=50), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_run')),
    sa.UniqueConstraint('job', 'scheduled_for', name=op.f('uq_job_run_job_scheduled_for'))
    )
    op.create_index(op.f('ix_job_run_started_at'), 'job_run', ['started_at'], unique=False)
    op.create_table('number_sequence',
    sa.Column('prefix', sa.String(length=8), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('prefix', 'day', name=op.f('pk_number_sequence'))
    )
    op.create_table('option_value',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('list_code', sa.String(length=32), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('label', sa.String(length=64), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_option_value')),
    sa.UniqueConstraint('list_code', 'code', name=op.f('uq_option_value_list_code_code'))
    )
    op.create_table('rule_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Uuid(), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_revision'))
    )
    op.create_table('rule_snapshot',
    sa.Column('revision', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('rules', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('revision', name=op.f('pk_rule_snapshot'))
    )
    op.create_table('sign_in_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempt'))
    )
    op.create_index('ix_sign_in_attempt_account_at', 'sign_in_attempt', ['account', 'at'], unique=False)
    op.create_index('ix_sign_in_attempt_address_at', 'sign_in_attempt', ['address', 'at'], unique=False)
    op.create_table('stored_file',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_stored_file_enterprise_id_enterprise'), use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file'))
    )
    op.create_index(op.f('ix_stored_file_enterprise_id'), 'stored_file', ['enterprise_id'], unique=False)
    op.create_index(op.f('ix_stored_file_sha256'), 'stored_file', ['sha256'], unique=False)
    op.create_table('working_day_override',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('is_working', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_working_day_override'))
    )
    op.create_table('enterprise',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('uscc', sa.String(length=20), nullable=False),
    sa.Column('parent_uscc', sa.String(length=18), nullable=True),
    sa.Column('type', sa.Enum('company', 'government', 'public_institution', 'social_organisation', 'private_non_enterprise', 'sole_trader', 'farmers_cooperative', 'residents_committee', 'market_organiser', 'other', 'branch', name='enterprisetype', native_enum=False, length=32), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('division_code', sa.String(length=6), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('principal', sa.String(length=50), nullable=False),
    sa.Column('contact', sa.String(length=50), nullable=False),
    sa.Column('mobile', sa.String(length=20), nullable=False),
    sa.Column('email', sa.String(length=100), nullable=False),
    sa.Column('licence_file_id', sa.BigInteger(), nullable=True),
    sa.Column('status', sa.Enum('pending', 'refused', 'approved', 'suspended', 'closed', name='enterprisestatus', native_enum=False, length=32), nullable=False),
    sa.Column('status_reason', sa.String(length=500), nullable=False),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_enterprise_division_code_division')),
    sa.ForeignKeyConstraint(['licence_file_id'], ['stored_file.id'], name=op.f('fk_enterprise_licence_file_id_stored_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enterprise')),
    sa.UniqueConstraint('uscc', name=op.f('uq_enterprise_uscc'))
    )
    op.create_index(op.f('ix_enterprise_division_code'), 'enterprise', ['division_code'], unique=False)
    op.create_index(op.f('ix_enterprise_parent_uscc'), 'enterprise', ['parent_uscc'], unique=False)
    op.create_table('institution',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('type', sa.Enum('statutory', 'authorised', 'special', name='institutiontype', native_enum=False, length=32), nullable=False),
    sa.Column('level', sa.Enum('county', 'city', 'province', 'national', name='level', native_enum=False, length=32), nullable=False),
    sa.Column('seat_division_code', sa.String(length=6), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('reception_place', sa.String(length=200), nullable=False),
    sa.Column('contact', sa.String(length=50), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['seat_division_code'], ['division.code'], name=op.f('fk_institution_seat_division_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_institution')),
    sa.UniqueConstraint('name', name=op.f('uq_institution_name'))
    )
    op.create_index(op.f('ix_institution_seat_division_code'), 'institution', ['seat_division_code'], unique=False)
    op.create_table('instrument_kind',
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('item_code', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('aliases', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('supervision', sa.String(length=32), nullable=False),
    sa.Column('verification_scheme', sa.String(length=64), nullable=False),
    sa.Column('purposes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('scope_note', sa.String(length=300), nullable=False),
    sa.Column('default_period_months', sa.Integer(), nullable=True),
    sa.Column('confidence', sa.String(length=16), nullable=False),
    sa.Column('external_code', sa.String(length=16), nullable=True),
    sa.Column('is_retired', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['item_code'], ['catalogue_item.code'], name=op.f('fk_instrument_kind_item_code_catalogue_item')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_instrument_kind'))
    )
    op.create_index(op.f('ix_instrument_kind_item_code'), 'instrument_kind', ['item_code'], unique=False)
    op.create_table('matching_decision',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('rule_revision', sa.BigInteger(), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=True),
    sa.Column('capability_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_by', sa.String(length=16), nullable=True),
    sa.Column('field', sa.String(length=16), nullable=True),
    sa.Column('candidates', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['rule_revision'], ['rule_snapshot.revision'], name=op.f('fk_matching_decision_rule_revision_rule_snapshot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matching_decision')),
    sa.UniqueConstraint('digest', name=op.f('uq_matching_decision_digest'))
    )
    op.create_table('app_user',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('role', sa.Enum('enterprise', 'institution', 'regulator', 'auditor', 'admin', 'system', name='role', native_enum=False, length=32), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('email', sa.String(length=100), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=True),
    sa.Column('institution_id', sa.BigInteger(), nullable=True),
    sa.Column('division_code', sa.String(length=6), nullable=True),
    sa.Column('organisation', sa.String(length=100), nullable=False),
    sa.Column('may_edit_reference', sa.Boolean(), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('previous_password_hashes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('password_changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_app_user_division_code_division')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_app_user_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_app_user_institution_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_app_user')),
    sa.UniqueConstraint('username', name=op.f('uq_app_user_username'))
    )
    op.create_index(op.f('ix_app_user_division_code'), 'app_user', ['division_code'], unique=False)
    op.create_index(op.f('ix_app_user_enterprise_id'), 'app_user', ['enterprise_id'], unique=False)
    op.create_index(op.f('ix_app_user_institution_id'), 'app_user', ['institution_id'], unique=False)
    op.create_table('designation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('division_code', sa.String(length=6), nullable=False),
    sa.Column('kind_code', sa.String(length=8), nullable=True),
    sa.Column('item_code', sa.String(length=8), nullable=True),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('document_number', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('(kind_code IS NULL) <> (item_code IS NULL)', name=op.f('ck_designation_kind_or_item')),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_designation_division_code_division')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_designation_institution_id_institution')),
    sa.ForeignKeyConstraint(['item_code'], ['catalogue_item.code'], name=op.f('fk_designation_item_code_catalogue_item')),
    sa.ForeignKeyConstraint(['kind_code'], ['instrument_kind.code'], name=op.f('fk_designation_kind_code_instrument_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_designation'))
    )
    op.create_index(op.f('ix_designation_division_code'), 'designation', ['division_code'], unique=False)
    op.create_index(op.f('ix_designation_institution_id'), 'designation', ['institution_id'], unique=False)
    op.create_index(op.f('ix_designation_item_code'), 'designation', ['item_code'], unique=False)
    op.create_index(op.f('ix_designation_kind_code'), 'designation', ['kind_code'], unique=False)
    op.create_table('institution_suspension',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_institution_suspension_institution_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_institution_suspension'))
    )
    op.create_index(op.f('ix_institution_suspension_institution_id'), 'institution_suspension', ['institution_id'], unique=False)
    op.create_table('laboratory',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_laboratory_institution_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_laboratory')),
    sa.UniqueConstraint('institution_id', 'name', name=op.f('uq_laboratory_institution_id_name'))
    )
    op.create_index(op.f('ix_laboratory_institution_id'), 'laboratory', ['institution_id'], unique=False)
    op.create_table('measuring_instrument',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('kind_code', sa.String(length=8), nullable=False),
    sa.Column('model', sa.String(length=100), nullable=False),
    sa.Column('measuring_range', sa.String(length=100), nullable=False),
    sa.Column('range_low', sa.Numeric(), nullable=True),
    sa.Column('range_high', sa.Numeric(), nullable=True),
    sa.Column('range_unit', sa.String(length=16), nullable=True),
    sa.Column('accuracy_class', sa.String(length=50), nullable=False),
    sa.Column('accuracy', sa.String(length=20), nullable=True),
    sa.Column('serial_number', sa.String(length=64), nullable=False),
    sa.Column('serial_key', sa.String(length=80), nullable=False),
    sa.Column('sub_number', sa.String(length=32), nullable=False),
    sa.Column('manufacturer', sa.String(length=100), nullable=False),
    sa.Column('origin', sa.String(length=32), nullable=False),
    sa.Column('place_of_use', sa.String(length=200), nullable=False),
    sa.Column('division_code', sa.String(length=6), nullable=False),
    sa.Column('department', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.Enum('safety', 'medical', 'environment', 'trade', name='purpose', native_enum=False, length=32), nullable=False),
    sa.Column('delivery_mode', sa.Enum('send_in', 'on_site', name='deliverymode', native_enum=False, length=32), nullable=False),
    sa.Column('management_number', sa.String(length=64), nullable=False),
    sa.Column('use_state', sa.Enum('in_use', 'stopped', 'sealed', 'scrapped', 'lost', 'transferred', name='usestate', native_enum=False, length=32), nullable=False),
    sa.Column('use_state_on', sa.Date(), nullable=True),
    sa.Column('use_state_reason', sa.String(length=200), nullable=False),
    sa.Column('certificate_number', sa.String(length=64), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('outcome', sa.Enum('passed', 'not_passed', name='outcome', native_enum=False, length=32), nullable=True),
    sa.Column('verified_by_id', sa.BigInteger(), nullable=True),
    sa.Column('declared_verified_on', sa.Date(), nullable=True),
    sa.Column('declared_certificate_number', sa.String(length=64), nullable=False),
    sa.Column('declared_valid_until', sa.Date(), nullable=True),
    sa.Column('declared_institution', sa.String(length=100), nullable=False),
    sa.Column('filed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('import_run_id', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('search_text', sa.Text(), sa.Computed("lower(name || ' ' || serial_number || ' ' || model || ' ' || manufacturer || ' ' || place_of_use || ' ' || department || ' ' || management_number)", ), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_measuring_instrument_division_code_division')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_measuring_instrument_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['import_run_id'], ['import_run.id'], name=op.f('fk_measuring_instrument_import_run_id_import_run'), use_alter=True),
    sa.ForeignKeyConstraint(['kind_code'], ['instrument_kind.code'], name=op.f('fk_measuring_instrument_kind_code_instrument_kind')),
    sa.ForeignKeyConstraint(['verified_by_id'], ['institution.id'], name=op.f('fk_measuring_instrument_verified_by_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measuring_instrument')),
    sa.UniqueConstraint('enterprise_id', 'kind_code', 'manufacturer', 'serial_key', 'sub_number', name='uq_measuring_instrument_key')
    )
    op.create_index(op.f('ix_measuring_instrument_division_code'), 'measuring_instrument', ['division_code'], unique=False)
    op.create_index('ix_measuring_instrument_due', 'measuring_instrument', ['enterprise_id', 'valid_until'], unique=False)
    op.create_index('ix_measuring_instrument_enterprise', 'measuring_instrument', ['enterprise_id', 'id'], unique=False)
    op.create_index(op.f('ix_measuring_instrument_import_run_id'), 'measuring_instrument', ['import_run_id'], unique=False)
    op.create_index(op.f('ix_measuring_instrument_kind_code'), 'measuring_instrument', ['kind_code'], unique=False)
    op.create_table('notice',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.String(length=48), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=True),
    sa.Column('institution_id', sa.BigInteger(), nullable=True),
    sa.Column('division_code', sa.String(length=6), nullable=True),
    sa.Column('subject_type', sa.String(length=48), nullable=False),
    sa.Column('subject_id', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('num_nonnulls(enterprise_id, institution_id, division_code) = 1', name=op.f('ck_notice_one_recipient')),
    sa.ForeignKeyConstraint(['division_code'], ['division.code'], name=op.f('fk_notice_division_code_division')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_notice_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_notice_institution_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    op.create_index('ix_notice_division', 'notice', ['division_code', 'id'], unique=False)
    op.create_index('ix_notice_enterprise', 'notice', ['enterprise_id', 'id'], unique=False)
    op.create_index('ix_notice_institution', 'notice', ['institution_id', 'id'], unique=False)
    op.create_table('appointment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'submitted', 'feedback', 'closed', 'withdrawn', name='appointmentstatus', native_enum=False, length=32), nullable=False),
    sa.Column('created_by_id', sa.BigInteger(), nullable=True),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wish_from', sa.Date(), nullable=True),
    sa.Column('wish_until', sa.Date(), nullable=True),
    sa.Column('wish_against', sa.String(length=200), nullable=False),
    sa.Column('site_contact', sa.String(length=50), nullable=False),
    sa.Column('site_phone', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['app_user.id'], name=op.f('fk_appointment_created_by_id_app_user')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_appointment_enterprise_id_enterprise')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment')),
    sa.UniqueConstraint('number', name=op.f('uq_appointment_number'))
    )
    op.create_index('ix_appointment_enterprise', 'appointment', ['enterprise_id', 'id'], unique=False)
    op.create_index(op.f('ix_appointment_status'), 'appointment', ['status'], unique=False)
    op.create_table('capability',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('laboratory_id', sa.BigInteger(), nullable=True),
    sa.Column('kind_code', sa.String(length=8), nullable=False),
    sa.Column('areas', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('delivery_modes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('range_low', sa.Numeric(), nullable=True),
    sa.Column('range_high', sa.Numeric(), nullable=True),
    sa.Column('range_unit', sa.String(length=16), nullable=True),
    sa.Column('accuracies', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('internal_units', postgresql.ARRAY(sa.Text()), nullable=True),
    sa.Column('document_number', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('cardinality(areas) > 0', name=op.f('ck_capability_has_area')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_capability_institution_id_institution')),
    sa.ForeignKeyConstraint(['kind_code'], ['instrument_kind.code'], name=op.f('fk_capability_kind_code_instrument_kind')),
    sa.ForeignKeyConstraint(['laboratory_id'], ['laboratory.id'], name=op.f('fk_capability_laboratory_id_laboratory')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_capability'))
    )
    op.create_index(op.f('ix_capability_institution_id'), 'capability', ['institution_id'], unique=False)
    op.create_index(op.f('ix_capability_kind_code'), 'capability', ['kind_code'], unique=False)
    op.create_table('import_run',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('uploaded_by_id', sa.BigInteger(), nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('checking', 'mapping', 'ready', 'applying', 'done', 'cancelled', 'undone', 'refused', name='importstate', native_enum=False, length=32), nullable=False),
    sa.Column('mode', sa.Enum('all', 'good', name='importmode', native_enum=False, length=32), nullable=True),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('new', sa.Integer(), nullable=False),
    sa.Column('updated', sa.Integer(), nullable=False),
    sa.Column('same', sa.Integer(), nullable=False),
    sa.Column('errors', sa.Integer(), nullable=False),
    sa.Column('warnings', sa.Integer(), nullable=False),
    sa.Column('applied', sa.Integer(), nullable=False),
    sa.Column('blank_rows', sa.Integer(), nullable=False),
    sa.Column('problems', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('committed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_import_run_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_import_run_file_id_stored_file')),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['app_user.id'], name=op.f('fk_import_run_uploaded_by_id_app_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    op.create_index('ix_import_run_enterprise', 'import_run', ['enterprise_id', 'id'], unique=False)
    op.create_index(op.f('ix_import_run_state'), 'import_run', ['state'], unique=False)
    op.create_table('registration',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'approved', 'refused', name='registrationstate', native_enum=False, length=32), nullable=False),
    sa.Column('reviewer_division_code', sa.String(length=6), nullable=True),
    sa.Column('submitted', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('marked_late_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['decided_by_id'], ['app_user.id'], name=op.f('fk_registration_decided_by_id_app_user')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_registration_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['reviewer_division_code'], ['division.code'], name=op.f('fk_registration_reviewer_division_code_division')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration'))
    )
    op.create_index(op.f('ix_registration_enterprise_id'), 'registration', ['enterprise_id'], unique=False)
    op.create_index(op.f('ix_registration_reviewer_division_code'), 'registration', ['reviewer_division_code'], unique=False)
    op.create_index('uq_registration_pending', 'registration', ['enterprise_id'], unique=True, postgresql_where=sa.text("state = 'pending'"))
    op.create_table('user_session',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_user_session_user_id_app_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_user_session_token_hash'))
    )
    op.create_index(op.f('ix_user_session_user_id'), 'user_session', ['user_id'], unique=False)
    op.create_table('import_row',
    sa.Column('run_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('outcome', sa.Enum('new', 'updated', 'same', 'error', name='rowoutcome', native_enum=False, length=32), nullable=False),
    sa.Column('found', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('values', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('before', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('problems', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('instrument_id', sa.BigInteger(), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_row_run_id_import_run'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'number', name=op.f('pk_import_row'))
    )
    op.create_index('ix_import_row_outcome', 'import_row', ['run_id', 'outcome', 'number'], unique=False)
    op.create_index('ix_import_row_to_apply', 'import_row', ['run_id', 'number'], unique=False, postgresql_where=sa.text("applied_at IS NULL AND outcome IN ('new', 'updated')"))
    op.create_table('slip',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('appointment_id', sa.BigInteger(), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.Enum('awaiting', 'partly', 'accepted', 'returned', 'transferred', 'withdrawn', 'completed', name='slipstatus', native_enum=False, length=32), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('marked_late_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_by_id', sa.BigInteger(), nullable=True),
    sa.Column('appointed_on', sa.Date(), nullable=True),
    sa.Column('appointed_time', sa.String(length=50), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('words', sa.String(length=500), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['accepted_by_id'], ['app_user.id'], name=op.f('fk_slip_accepted_by_id_app_user')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_slip_appointment_id_appointment')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_slip_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_slip_institution_id_institution')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slip')),
    sa.UniqueConstraint('number', name=op.f('uq_slip_number'))
    )
    op.create_index(op.f('ix_slip_appointment_id'), 'slip', ['appointment_id'], unique=False)
    op.create_index(op.f('ix_slip_enterprise_id'), 'slip', ['enterprise_id'], unique=False)
    op.create_index('ix_slip_institution_status', 'slip', ['institution_id', 'status', 'id'], unique=False)
    op.create_index('ix_slip_open_due', 'slip', ['due_at'], unique=False, postgresql_where=sa.text("status IN ('awaiting', 'partly')"))
    op.create_table('appointment_item',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('appointment_id', sa.BigInteger(), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('instrument_id', sa.BigInteger(), nullable=False),
    sa.Column('application_type', sa.Enum('first', 'periodic', 'after_repair', 'recheck', 'other', name='applicationtype', native_enum=False, length=32), nullable=False),
    sa.Column('status', sa.Enum('draft', 'matching', 'awaiting_acceptance', 'unmatched', 'accepted', 'failed', 'passed', 'not_passed', 'ended', 'withdrawn', name='itemstatus', native_enum=False, length=32), nullable=False),
    sa.Column('status_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('slip_id', sa.BigInteger(), nullable=True),
    sa.Column('institution_id', sa.BigInteger(), nullable=True),
    sa.Column('decision_id', sa.BigInteger(), nullable=True),
    sa.Column('match_trigger', sa.Enum('submitted', 'edited', 'rules_changed', 'day_changed', 'rematched', 'by_hand', name='matchtrigger', native_enum=False, length=32), nullable=False),
    sa.Column('last_institution_answer', sa.Enum('keep', 'match_again', name='lastinstitution', native_enum=False, length=32), nullable=True),
    sa.Column('preferred_institution_id', sa.BigInteger(), nullable=True),
    sa.Column('return_code', sa.Enum('wrong_kind', 'wrong_item', 'wrong_division', 'wrong_serial', 'wrong_information', 'out_of_capacity', 'not_our_area', 'not_mandatory', 'booked_twice', 'out_of_use', 'no_type_approval', 'first_by_maker', 'standard_away', 'other', name='returncode', native_enum=False, length=32), nullable=True),
    sa.Column('return_words', sa.String(length=500), nullable=False),
    sa.Column('returned_by_id', sa.BigInteger(), nullable=True),
    sa.Column('end_reason', sa.Enum('not_delivered', 'cancelled', 'out_of_use', 'not_found_on_site', 'site_not_ready', 'cannot_verify', name='endreason', native_enum=False, length=32), nullable=True),
    sa.Column('assignment_reason', sa.String(length=500), nullable=False),
    sa.Column('superseded_by_id', sa.BigInteger(), nullable=True),
    sa.Column('put_aside_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_appointment_item_appointment_id_appointment')),
    sa.ForeignKeyConstraint(['decision_id'], ['matching_decision.id'], name=op.f('fk_appointment_item_decision_id_matching_decision')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_appointment_item_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_appointment_item_institution_id_institution')),
    sa.ForeignKeyConstraint(['instrument_id'], ['measuring_instrument.id'], name=op.f('fk_appointment_item_instrument_id_measuring_instrument')),
    sa.ForeignKeyConstraint(['preferred_institution_id'], ['institution.id'], name=op.f('fk_appointment_item_preferred_institution_id_institution')),
    sa.ForeignKeyConstraint(['returned_by_id'], ['institution.id'], name=op.f('fk_appointment_item_returned_by_id_institution')),
    sa.ForeignKeyConstraint(['slip_id'], ['slip.id'], name=op.f('fk_appointment_item_slip_id_slip')),
    sa.ForeignKeyConstraint(['superseded_by_id'], ['appointment_item.id'], name=op.f('fk_appointment_item_superseded_by_id_appointment_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment_item')),
    sa.UniqueConstraint('appointment_id', 'instrument_id', name=op.f('uq_appointment_item_appointment_id_instrument_id'))
    )
    op.create_index(op.f('ix_appointment_item_appointment_id'), 'appointment_item', ['appointment_id'], unique=False)
    op.create_index(op.f('ix_appointment_item_institution_id'), 'appointment_item', ['institution_id'], unique=False)
    op.create_index('ix_appointment_item_institution_status', 'appointment_item', ['institution_id', 'status'], unique=False)
    op.create_index(op.f('ix_appointment_item_instrument_id'), 'appointment_item', ['instrument_id'], unique=False)
    op.create_index(op.f('ix_appointment_item_slip_id'), 'appointment_item', ['slip_id'], unique=False)
    op.create_index('ix_appointment_item_unmatched', 'appointment_item', ['id'], unique=False, postgresql_where=sa.text("status = 'unmatched'"))
    op.create_index('ix_appointment_item_waiting', 'appointment_item', ['id'], unique=False, postgresql_where=sa.text("status = 'matching'"))
    op.create_index('uq_appointment_item_open_instrument', 'appointment_item', ['instrument_id'], unique=True, postgresql_where=sa.text("status IN ('matching', 'awaiting_acceptance', 'unmatched', 'accepted')"))
    op.create_table('receipt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('appointment_id', sa.BigInteger(), nullable=False),
    sa.Column('slip_id', sa.BigInteger(), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.String(length=16), nullable=False),
    sa.Column('item_count', sa.Integer(), nullable=False),
    sa.Column('words', sa.String(length=1000), nullable=False),
    sa.Column('return_code', sa.Enum('wrong_kind', 'wrong_item', 'wrong_division', 'wrong_serial', 'wrong_information', 'out_of_capacity', 'not_our_area', 'not_mandatory', 'booked_twice', 'out_of_use', 'no_type_approval', 'first_by_maker', 'standard_away', 'other', name='returncode', native_enum=False, length=32), nullable=True),
    sa.Column('written_by_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_receipt_appointment_id_appointment')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_receipt_institution_id_institution')),
    sa.ForeignKeyConstraint(['slip_id'], ['slip.id'], name=op.f('fk_receipt_slip_id_slip')),
    sa.ForeignKeyConstraint(['written_by_id'], ['app_user.id'], name=op.f('fk_receipt_written_by_id_app_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt'))
    )
    op.create_index(op.f('ix_receipt_appointment_id'), 'receipt', ['appointment_id'], unique=False)
    op.create_index(op.f('ix_receipt_slip_id'), 'receipt', ['slip_id'], unique=False)
    op.create_table('matching_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=False),
    sa.Column('decision_id', sa.BigInteger(), nullable=False),
    sa.Column('trigger', sa.Enum('submitted', 'edited', 'rules_changed', 'day_changed', 'rematched', 'by_hand', name='matchtrigger', native_enum=False, length=32), nullable=False),
    sa.Column('attempted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['decision_id'], ['matching_decision.id'], name=op.f('fk_matching_attempt_decision_id_matching_decision')),
    sa.ForeignKeyConstraint(['item_id'], ['appointment_item.id'], name=op.f('fk_matching_attempt_item_id_appointment_item')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matching_attempt'))
    )
    op.create_index(op.f('ix_matching_attempt_decision_id'), 'matching_attempt', ['decision_id'], unique=False)
    op.create_index(op.f('ix_matching_attempt_item_id'), 'matching_attempt', ['item_id'], unique=False)
    op.create_table('verification',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('instrument_id', sa.BigInteger(), nullable=False),
    sa.Column('enterprise_id', sa.BigInteger(), nullable=False),
    sa.Column('institution_id', sa.BigInteger(), nullable=False),
    sa.Column('item_id', sa.BigInteger(), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=False),
    sa.Column('outcome', sa.Enum('passed', 'not_passed', name='outcome', native_enum=False, length=32), nullable=False),
    sa.Column('document_type', sa.Enum('certificate', 'rejection_notice', 'qualified_slip', 'qualified_mark', name='documenttype', native_enum=False, length=32), nullable=False),
    sa.Column('document_number', sa.String(length=64), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('verifier', sa.String(length=50), nullable=False),
    sa.Column('checker', sa.String(length=50), nullable=False),
    sa.Column('approver', sa.String(length=50), nullable=False),
    sa.Column('regulation', sa.String(length=64), nullable=False),
    sa.Column('seal_number', sa.String(length=64), nullable=False),
    sa.Column('entered_by_id', sa.BigInteger(), nullable=True),
    sa.Column('published_by_id', sa.BigInteger(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('revises_id', sa.BigInteger(), nullable=True),
    sa.Column('revision_reason', sa.String(length=200), nullable=False),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['entered_by_id'], ['app_user.id'], name=op.f('fk_verification_entered_by_id_app_user')),
    sa.ForeignKeyConstraint(['enterprise_id'], ['enterprise.id'], name=op.f('fk_verification_enterprise_id_enterprise')),
    sa.ForeignKeyConstraint(['institution_id'], ['institution.id'], name=op.f('fk_verification_institution_id_institution')),
    sa.ForeignKeyConstraint(['instrument_id'], ['measuring_instrument.id'], name=op.f('fk_verification_instrument_id_measuring_instrument')),
    sa.ForeignKeyConstraint(['item_id'], ['appointment_item.id'], name=op.f('fk_verification_item_id_appointment_item')),
    sa.ForeignKeyConstraint(['published_by_id'], ['app_user.id'], name=op.f('fk_verification_published_by_id_app_user')),
    sa.ForeignKeyConstraint(['revises_id'], ['verification.id'], name=op.f('fk_verification_revises_id_verification')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_verification'))
    )
    op.create_index(op.f('ix_verification_enterprise_id'), 'verification', ['enterprise_id'], unique=False)
    op.create_index(op.f('ix_verification_institution_id'), 'verification', ['institution_id'], unique=False)
    op.create_index(op.f('ix_verification_instrument_id'), 'verification', ['instrument_id'], unique=False)
    op.create_index(op.f('ix_verification_item_id'), 'verification', ['item_id'], unique=False)
    # Two pairs of tables point at each other, so these keys come once all tables stand.
    op.create_foreign_key(
        "fk_measuring_instrument_import_run_id_import_run", "measuring_instrument", "import_run", ["import_run_id"], ["id"]
    )
    op.create_foreign_key(
        "fk_stored_file_enterprise_id_enterprise", "stored_file", "enterprise", ["enterprise_id"], ["id"]
    )


def downgrade() -> None:
    op.drop_constraint("fk_stored_file_enterprise_id_enterprise", "stored_file", type_="foreignkey")
    op.drop_constraint("fk_measuring_instrument_import_run_id_import_run", "measuring_instrument", type_="foreignkey")
    op.drop_index(op.f('ix_verification_item_id'), table_name='verification')
    op.drop_index(op.f('ix_verification_instrument_id'), table_name='verification')
    op.drop_index(op.f('ix_verification_institution_id'), table_name='verification')
    op.drop_index(op.f('ix_verification_enterprise_id'), table_name='verification')
    op.drop_table('verification')
    op.drop_index(op.f('ix_matching_attempt_item_id'), table_name='matching_attempt')
    op.drop_index(op.f('ix_matching_attempt_decision_id'), table_name='matching_attempt')
    op.drop_table('matching_attempt')
    op.drop_index(op.f('ix_receipt_slip_id'), table_name='receipt')
    op.drop_index(op.f('ix_receipt_appointment_id'), table_name='receipt')
    op.drop_table('receipt')
    op.drop_index('uq_appointment_item_open_instrument', table_name='appointment_item', postgresql_where=sa.text("status IN ('matching', 'awaiting_acceptance', 'unmatched', 'accepted')"))
    op.drop_index('ix_appointment_item_waiting', table_name='appointment_item', postgresql_where=sa.text("status = 'matching'"))
    op.drop_index('ix_appointment_item_unmatched', table_name='appointment_item', postgresql_where=sa.text("status = 'unmatched'"))
    op.drop_index(op.f('ix_appointment_item_slip_id'), table_name='appointment_item')
    op.drop_index(op.f('ix_appointment_item_instrument_id'), table_name='appointment_item')
    op.drop_index('ix_appointment_item_institution_status', table_name='appointment_item')
    op.drop_index(op.f('ix_appointment_item_institution_id'), table_name='appointment_item')
    op.drop_index(op.f('ix_appointment_item_appointment_id'), table_name='appointment_item')
    op.drop_table('appointment_item')
    op.drop_index('ix_slip_open_due', table_name='slip', postgresql_where=sa.text("status IN ('awaiting', 'partly')"))
    op.drop_index('ix_slip_institution_status', table_name='slip')
    op.drop_index(op.f('ix_slip_enterprise_id'), table_name='slip')
    op.drop_index(op.f('ix_slip_appointment_id'), table_name='slip')
    op.drop_table('slip')
    op.drop_index('ix_import_row_to_apply', table_name='import_row', postgresql_where=sa.text("applied_at IS NULL AND outcome IN ('new', 'updated')"))
    op.drop_index('ix_import_row_outcome', table_name='import_row')
    op.drop_table('import_row')
    op.drop_index(op.f('ix_user_session_user_id'), table_name='user_session')
    op.drop_table('user_session')
    op.drop_index('uq_registration_pending', table_name='registration', postgresql_where=sa.text("state = 'pending'"))
    op.drop_index(op.f('ix_registration_reviewer_division_code'), table_name='registration')
    op.drop_index(op.f('ix_registration_enterprise_id'), table_name='registration')
    op.drop_table('registration')
    op.drop_index(op.f('ix_import_run_state'), table_name='import_run')
    op.drop_index('ix_import_run_enterprise', table_name='import_run')
    op.drop_table('import_run')
    op.drop_index(op.f('ix_capability_kind_code'), table_name='capability')
    op.drop_index(op.f('ix_capability_institution_id'), table_name='capability')
    op.drop_table('capability')
    op.drop_index(op.f('ix_appointment_status'), table_name='appointment')
    op.drop_index('ix_appointment_enterprise', table_name='appointment')
    op.drop_table('appointment')
    op.drop_index('ix_notice_institution', table_name='notice')
    op.drop_index('ix_notice_enterprise', table_name='notice')
    op.drop_index('ix_notice_division', table_name='notice')
    op.drop_table('notice')
    op.drop_index(op.f('ix_measuring_instrument_kind_code'), table_name='measuring_instrument')
    op.drop_index(op.f('ix_measuring_instrument_import_run_id'), table_name='measuring_instrument')
    op.drop_index('ix_measuring_instrument_enterprise', table_name='measuring_instrument')
    op.drop_index('ix_measuring_instrument_due', table_name='measuring_instrument')
    op.drop_index(op.f('ix_measuring_instrument_division_code'), table_name='measuring_instrument')
    op.drop_table('measuring_instrument')
    op.drop_index(op.f('ix_laboratory_institution_id'), table_name='laboratory')
    op.drop_table('laboratory')
    op.drop_index(op.f('ix_institution_suspension_institution_id'), table_name='institution_suspension')
    op.drop_table('institution_suspension')
    op.drop_index(op.f('ix_designation_kind_code'), table_name='designation')
    op.drop_index(op.f('ix_designation_item_code'), table_name='designation')
    op.drop_index(op.f('ix_designation_institution_id'), table_name='designation')
    op.drop_index(op.f('ix_designation_division_code'), table_name='designation')
    op.drop_table('designation')
    op.drop_index(op.f('ix_app_user_institution_id'), table_name='app_user')
    op.drop_index(op.f('ix_app_user_enterprise_id'), table_name='app_user')
    op.drop_index(op.f('ix_app_user_division_code'), table_name='app_user')
    op.drop_table('app_user')
    op.drop_table('matching_decision')
    op.drop_index(op.f('ix_instrument_kind_item_code'), table_name='instrument_kind')
    op.drop_table('instrument_kind')
    op.drop_index(op.f('ix_institution_seat_division_code'), table_name='institution')
    op.drop_table('institution')
    op.drop_index(op.f('ix_enterprise_parent_uscc'), table_name='enterprise')
    op.drop_index(op.f('ix_enterprise_division_code'), table_name='enterprise')
    op.drop_table('enterprise')
    op.drop_table('working_day_override')
    op.drop_index(op.f('ix_stored_file_sha256'), table_name='stored_file')
    op.drop_index(op.f('ix_stored_file_enterprise_id'), table_name='stored_file')
    op.drop_table('stored_file')
    op.drop_index('ix_sign_in_attempt_address_at', table_name='sign_in_attempt')
    op.drop_index('ix_sign_in_attempt_account_at', table_name='sign_in_attempt')
    op.drop_table('sign_in_attempt')
    op.drop_table('rule_snapshot')
    op.drop_table('rule_revision')
    op.drop_table('option_value')
    op.drop_table('number_sequence')
    op.drop_index(op.f('ix_job_run_started_at'), table_name='job_run')
    op.drop_table('job_run')
    op.drop_table('job_heartbeat')
    op.drop_index(op.f('ix_form_key_created_at'), table_name='form_key')
    op.drop_table('form_key')
    op.drop_index('ix_division_path', table_name='division', postgresql_ops={'path': 'text_pattern_ops'})
    op.drop_index(op.f('ix_division_parent_code'), table_name='division')
    op.drop_table('division')
    op.drop_table('catalogue_item')
    op.drop_index('ix_audit_event_subject', table_name='audit_event')
    op.drop_index(op.f('ix_audit_event_enterprise_id'), table_name='audit_event')
    op.drop_index(op.f('ix_audit_event_at'), table_name='audit_event')
    op.drop_index(op.f('ix_audit_event_action'), table_name='audit_event')
    op.drop_table('audit_event')

