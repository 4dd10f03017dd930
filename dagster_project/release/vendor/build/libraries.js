// What the report uses of its two libraries, and nothing else; `esbuild` leaves the rest out.
import { BarChart, CustomChart, LineChart, RadarChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, RadarComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";
import { FilterModule, FormatModule, FrozenColumnsModule, PageModule, ResizeTableModule, SortModule, Tabulator } from "tabulator-tables";

use([
  BarChart, CustomChart, LineChart, RadarChart, ScatterChart,
  GridComponent, MarkLineComponent, RadarComponent, TooltipComponent,
  LabelLayout, SVGRenderer,
]);
Tabulator.registerModule([FilterModule, FormatModule, FrozenColumnsModule, PageModule, ResizeTableModule, SortModule]);

globalThis.echarts = { init };
globalThis.Tabulator = Tabulator;
