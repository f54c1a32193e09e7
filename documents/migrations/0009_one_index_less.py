import django.db.models.deletion
from django.db import migrations, models

# Written out, because Django would make the whole table anew in SQLite to drop an index.
INDEX = 'documents_documentupdate_document_id_d238ca07'


class Migration(migrations.Migration):

    beside_the_release_before = 'an index is dropped that nothing needs: the one of the unique constraint begins like it'

    dependencies = [
        ('documents', '0008_note_packed_authors'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f'DROP INDEX IF EXISTS {INDEX}',
                    f'CREATE INDEX {INDEX} ON documents_documentupdate (document_id)',
                )
            ],
            [
                migrations.AlterField(
                    model_name='documentupdate',
                    name='document',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='documents.document'),
                ),
            ],
        ),
    ]
