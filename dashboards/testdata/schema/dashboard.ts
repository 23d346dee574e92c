// What Grafana publishes of a dashboard, put together: the schema leaves the
// options and the field configuration of a panel open, and each type of panel
// has them in a file of its own.
import type { DataQuery } from '@grafana/schema';
import type * as kind from '@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen.d.ts';
import type * as barchart from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen.d.ts';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen.d.ts';
import type * as nodegraph from '@grafana/schema/dist/esm/raw/composable/nodegraph/panelcfg/x/NodeGraphPanelCfg_types.gen.d.ts';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

/** T as JSON has it: an enum is one of its values. */
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

/** Unset where nothing may be set. */
type Nothing = Record<string, never>;

/** A setting of a field by its path: displayName, custom.width, … */
type Setting<Fields, Prefix extends string = ''> = {
  [K in keyof Fields & string]: { id: `${Prefix}${K}`; value: NonNullable<Fields[K]> };
}[keyof Fields & string];

type Defaults = Omit<kind.FieldConfig, 'custom'>;

/** A panel of a type. Grafana fills in the options that are not there. */
type PanelOf<Type extends string, Options, Custom> = Omit<kind.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  options?: Partial<Options>;
  fieldConfig?: {
    defaults: Defaults & { custom?: Partial<Custom> };
    overrides: Array<{ matcher: kind.MatcherConfig; properties: Array<Setting<Defaults> | Setting<Custom, 'custom.'>> }>;
  };
  targets?: Query[];
};

/** What the data source plugin adds to a query is its own. */
type Query = DataQuery & Record<string, unknown>;

type Panel =
  | PanelOf<'barchart', barchart.Options, barchart.FieldConfig>
  | PanelOf<'bargauge', bargauge.Options, Nothing>
  | PanelOf<'nodeGraph', nodegraph.Options, Nothing>
  | PanelOf<'stat', stat.Options, Nothing>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'text', text.Options, Nothing>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
  // Of this one nothing is published.
  | PanelOf<'traces', Nothing, Nothing>;

type Row = Omit<kind.RowPanel, 'panels'> & { panels: Panel[] };

export type Dashboard = Json<
  Omit<kind.Dashboard, 'panels' | 'annotations'> & {
    panels: Array<Panel | Row>;
    annotations: { list: Array<Omit<kind.AnnotationQuery, 'target'> & { target: Query }> };
  }
>;
